# Performs the calls that come as lines of JSON, a thread each, and answers in
# lines of JSON. A client, by its name, has a pool of its own.
import http.client
import json
import sys
import threading
import urllib3

lock = threading.Lock()
pools = {}


def ending(error):
    """How the connection ended, by the innermost exception that tells."""
    while error is not None:
        if isinstance(error, (http.client.RemoteDisconnected, http.client.IncompleteRead)):
            return "finished"
        if isinstance(error, ConnectionResetError):
            return "reset"
        if isinstance(error, BrokenPipeError):
            return "broken-pipe"
        if isinstance(error, ConnectionRefusedError):
            return "refused"
        inner = error.__cause__ or error.__context__ or getattr(error, "reason", None)
        if inner is None and isinstance(error.args[-1:], tuple) and error.args:
            inner = error.args[-1] if isinstance(error.args[-1], Exception) else None
        error = inner
    return "other"


def perform(call):
    with lock:
        pool = pools.setdefault(call["client"], urllib3.PoolManager())
    headers = {"Accept-Encoding": "gzip"}
    if call["key"]:
        headers["Idempotency-Key"] = call["key"]
    answer = {"n": call["n"], "status": 0, "body": "", "error": "", "ending": ""}
    try:
        response = pool.request(call["method"], call["url"], body=call["body"] or None, headers=headers)
        answer["status"], answer["body"] = response.status, response.data.decode()
    except Exception as error:
        answer["error"], answer["ending"] = "%s: %s" % (type(error).__name__, error), ending(error)
    with lock:
        print(json.dumps(answer), flush=True)


for line in sys.stdin:
    call = json.loads(line)
    if call["method"] == "close":
        with lock:
            pool = pools.pop(call["client"], None)
        if pool is not None:
            pool.clear()
    else:
        threading.Thread(target=perform, args=(call,), daemon=True).start()
