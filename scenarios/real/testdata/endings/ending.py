import socket
import sys

for line in sys.stdin:
    call, *what = line.split()
    try:
        if call == "connect":
            s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
            s.sendall(what[0].encode())
            says = "ready"
        elif call == "read":
            says = "end" if s.recv(1) == b"" else "byte"
        elif call == "write":
            s.sendall(b"x")
            says = "ok"
        else:
            s.close()
            says = "closed"
    except OSError as e:
        says = f"{type(e).__name__}: {e}"
    print(says, flush=True)
