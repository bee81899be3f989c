# Performs the calls of the audit with urllib3, as a session: lines of JSON come
# and go (go doc ./harness/audit/agent). Each call has a thread.
import http.client
import json
import sys
import threading
import urllib3

pools = urllib3.PoolManager(num_pools=64)  # one for each address
lock = threading.Lock()


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
    if call["shape"] == "pipelined":
        return {"ok": False, "unimplemented": True}
    headers, body = {"Accept-Encoding": "gzip"}, None
    if call["operation"] == "idempotent":
        headers["Idempotency-Key"] = call["id"]
    if call["operation"] != "read":
        body = "operation " + call["id"]
    try:
        response = pools.request(call["method"], call["url"], body=body, headers=headers)
    except Exception as error:
        return {"ok": False, "error": "%s: %s" % (type(error).__name__, error), "ending": ending(error)}
    if response.status // 100 != 2:
        return {"ok": False, "error": "status %d" % response.status}
    return {"ok": True, "body": response.data.decode()}


def answer(call):
    text = json.dumps({"id": call["id"], **perform(call)})
    with lock:
        print(text, flush=True)


for line in sys.stdin:
    threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()
