#!/bin/sh
# A msgpack-RPC client of thirty lines drives the daemon on the same socket as virsh: it lists guests, starts one, hears of it, stops it.
. "${SRCDIR:-.}/tests/functions.sh"
requires virsh qemu-system-x86_64 "$PYTHON"
requires_built supervisor gateway conf xmlc probe qemu log hand-open hand-net hand-launch pid1
"$PYTHON" -c 'import msgpack' 2>/dev/null || skip "python3-msgpack is not installed"
box
guest_files
start_daemon
guest_xml hello small >"$BOX/small.xml"
virsh -q define "$BOX/small.xml"

step "list, start, events, stop"
timeout 120 "$PYTHON" "$SRCDIR/tests/scenario/client-msgpack.py" "$SOCKETS/virtqemud-sock" small >"$BOX/client.log"
cat "$BOX/client.log"
grep -q "^guest small state 5 0$" "$BOX/client.log" || fail "the list"
grep -q "^state 1 1$" "$BOX/client.log" || fail "the state after the start"
for event in "4, 0" "2, 0" "5, 1"; do       # resumed unpaused, started booted, stopped destroyed
    grep -q "^event domain.event_callback_lifecycle .*, $event\]$" "$BOX/client.log" || fail "event $event"
done
[ "$(virsh -q domstate small)" = "shut off" ] || fail "it still runs"

step "its errors are libvirt's"
timeout 60 "$PYTHON" "$SRCDIR/tests/scenario/client-msgpack.py" "$SOCKETS/virtqemud-sock" none 2>"$BOX/client.err" && fail "a guest that is not there was started"
grep -q "Domain not found: no domain with matching name 'none'" "$BOX/client.err" || fail "the error: $(cat "$BOX/client.err")"

step "a console, the other way round: what the guest says and is told"
cat >"$BOX/console.py" <<'END'
import socket, sys, time, msgpack
sock = socket.socket(socket.AF_UNIX)
sock.connect(sys.argv[1])
sock.settimeout(120)
messages, number, said = msgpack.Unpacker(strict_map_key=False), 0, b''


def send(*message):
    sock.sendall(msgpack.packb(message))


def receive():
    while True:
        for message in messages:
            return message
        messages.feed(sock.recv(65536) or sys.exit('the daemon closed the connection'))


def call(method, *args):
    global number
    number += 1
    send(0, number, method, args)
    while True:
        kind, *rest = receive()
        if kind == 1 and rest[0] == number:
            if rest[1]:
                sys.exit(f'{method}: {rest[1][2]}')
            return rest[2]


def expect(text):
    """Until the guest has said so on console `stream`."""
    global said
    while text not in said:
        kind, word, fields = receive()
        assert (kind, word, fields[0]) == (2, 'stream.data', stream), (kind, word, fields)
        assert fields[1], 'the console ended'
        said += fields[1]
    said = said[said.index(text) + len(text):]


call('connect.open', sys.argv[2], 0)
guest = call('domain.lookup_by_name', 'small')[0]
guest = call('domain.create_with_flags', guest, 1)[0]       # paused, so that nothing is missed
call('domain.open_console', guest, None, 0)
stream = number
send(0, 1000, 'domain.resume', [guest])
assert receive() == [1, 1000, None, []]
expect(b'GUEST-READY')
for _ in range(20):
    send(2, 'stream.data', [stream, b'echo SUM-$((40+2))\n'])
    sock.settimeout(3)
    try:
        expect(b'SUM-42')
        break
    except TimeoutError:        # it was not listening yet
        continue
else:
    sys.exit('no answer')
sock.settimeout(60)
send(2, 'stream.end', [stream])
while True:
    kind, word, fields = receive()
    if word == 'stream.end':
        break
    assert word == 'stream.data', word
assert fields == [stream]
call('domain.destroy', guest)
print('the guest said SUM-42')
END
timeout 180 "$PYTHON" "$BOX/console.py" "$SOCKETS/virtqemud-sock" "$URI"
