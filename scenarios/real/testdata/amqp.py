# Does one thing at the broker for each line that it reads, and says what came of it.
import select
import sys

import pika

host, port, heartbeat = sys.argv[1:]
try:
    connection = pika.BlockingConnection(pika.ConnectionParameters(host, int(port), heartbeat=int(heartbeat)))
    channel = connection.channel()
    print("connected", flush=True)
    while True:
        while not select.select([sys.stdin], [], [], 0)[0]:
            connection.process_data_events(time_limit=0.1)
        if not sys.stdin.readline():
            connection.close()
            print("closed", flush=True)
            break
        channel.queue_declare("", exclusive=True)
        print("declared", flush=True)
except pika.exceptions.AMQPError as e:
    print(repr(e), flush=True)
