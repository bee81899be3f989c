import http.client, json, sys

pool = {}
for line in sys.stdin:
    call = json.loads(line)
    address, answer = call["address"], {"id": call["id"]}
    connection = pool.setdefault(address, http.client.HTTPConnection(address, timeout=5))
    try:
        connection.request(call["method"], call["url"].partition(address)[2])
        response = connection.getresponse()
        answer |= {"body": response.read().decode(), "ok": response.status == 200}
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        answer |= {"ok": False, "error": repr(error)}
    print(json.dumps(answer), flush=True)
