#!/usr/bin/env python3
"""A whole client of virtqemud in thirty lines: any language with a msgpack library and a socket will do.
client-msgpack.py SOCKET GUEST: lists guests, starts GUEST, shows its events, stops it."""
import itertools
import socket
import sys
import msgpack

sock = socket.socket(socket.AF_UNIX)
sock.connect(sys.argv[1])
messages, ids = msgpack.Unpacker(strict_map_key=False), itertools.count()


def receive():
    while True:
        for message in messages:
            return message
        data = sock.recv(65536) or sys.exit('the daemon closed the connection')
        messages.feed(data)


def call(method, *args):
    number = next(ids)
    sock.sendall(msgpack.packb([0, number, method, args]))
    while True:
        kind, *rest = receive()
        if kind == 2:                                   # a notification: [2, method, fields]
            print('event', rest[0], *rest[1][1:], flush=True)
        elif rest[0] == number:                         # a response: [1, number, error, results]
            if rest[1]:
                sys.exit(f'{method}: {rest[1][2]}')
            return rest[2]


call('connect.open', 'qemu:///system' if sys.argv[1].startswith('/run/libvirt/') else 'qemu:///session', 0)
for guest in call('connect.list_all_domains', 1, 0)[0]:
    print('guest', guest[0], 'state', *call('domain.get_state', guest, 0), flush=True)
call('connect.domain_event_callback_register_any', 0, None)
guest = call('domain.lookup_by_name', sys.argv[2])[0]
call('domain.create', guest)
print('state', *call('domain.get_state', guest, 0), flush=True)
call('domain.destroy', guest)
call('connect.close')
