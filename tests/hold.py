#!/usr/bin/python3
"""hold.py DAEMON SOCKET: a client that stays, whatever is done to the daemon: says "open", and for each line that it reads makes a call and prints
its status. virtlogd's and virtlockd's calls are refused, as nobody has opened a stream or registered; that they are answered is what counts."""
import struct, sys
from rpclib import LOCK, LOG, REMOTE, Client, string

FLAGS = struct.pack(">I", 0)
CALLS = {       # each goes through the supervisor: virtqemud's to the host role
    "virtqemud": (REMOTE, 6, b""),
    "virtlogd": (LOG, 2, string("/nowhere/at-all") + FLAGS),
    "virtlockd": (LOCK, 6, string("/nowhere/at-all") + string("resource") + FLAGS),
}

if __name__ == "__main__":
    program, proc, args = CALLS[sys.argv[1]]
    with Client(sys.argv[2], program) as c:
        if program == REMOTE:
            assert not c.ask(66)[1] and not c.ask(1, struct.pack(">I", 1) + string(sys.argv[3]) + FLAGS)[1]
        print("open", flush=True)
        for line in sys.stdin:
            print("status", int(c.ask(proc, args)[1] is not None), flush=True)
