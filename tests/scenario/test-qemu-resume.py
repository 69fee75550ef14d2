"""A worker that dies: its guest runs on, and the next worker takes it over where it stands."""
import os, signal, sys, time
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
import qemuguest

NAME = "größere-gäste-für-müde-prüfer"       # cut after 20 characters, wherever that is in bytes
qemuguest.XML = qemuguest.XML.replace("<name>g<", "<name>%s<" % NAME)
w = qemuguest.make()


def reborn(why):
    w.next_instance()
    w.until(lambda: w.states, "the new worker speaks: " + why)
    return w.states[-1]


def state():
    return w.states[-1]["state"], w.states[-1]["reason"]


def qmp(cmd):
    return w.call("domain.monitor_command", '{"execute":"%s"}' % cmd, 0)[0]


try:
    w.start()
    w.call("domain.set_metadata", 0, "remember me", None, None, 1, arg=1)
    first = w.call("domain.get_xml_desc", 1, arg=1)[0]

    # A running guest; the document with what happened to it.
    s = reborn("running")
    assert (s["state"], s["reason"]) == (1, 1), s
    assert w.call("domain.get_xml_desc", 1, arg=1)[0] == first
    assert "remember me" in first
    assert not w.call("domain.get_messages", 2)[0]
    qmp("query-name")
    reborn("its client sent a command of his own")
    assert ["custom monitor" in m for m in w.call("domain.get_messages", 2)[0]] == [True], "it is tainted no more"

    # A status file that cannot be written is written later.
    w.status_fails = 1
    w.call("domain.set_metadata", 1, "remember this too", None, None, 1, arg=1)
    w.until(lambda: not w.status_fails, "it is tried")
    w.until(lambda: w.status and "remember this too" in w.status, "and tried again")
    for place in "/domain-1-%s/monitor.sock", "/domain-1-%s'/>", "/channel/target/domain-1-%s'/>", "<taint flag='custom-monitor'/>%.0s":
        assert place % NAME[:20] in w.status, (place, w.status[:400])

    # A paused one.
    w.call("domain.suspend")
    w.until(lambda: state() == (3, 1), "paused")
    s = reborn("paused")
    assert (s["state"], s["reason"]) == (3, 1), s
    w.call("domain.resume")
    w.until(lambda: state() == (1, 5), "running")

    # What changed while nobody looked: stopped behind the worker's back, its events lost with it.
    w.in_the_dark("STOP", "stop")
    w.next_instance()
    w.until(lambda: w.states and state()[0] == 3, "the pause is seen")
    assert any(x["event"] == 3 for x in w.states), w.states
    w.call("domain.resume")

    # Killed in the middle of commands and answers, many times: half a command sent, half an answer read.
    for i in range(12):
        for _ in range(i):
            w.begin("domain.monitor_command", '{"execute":"query-commands"}', 0)
        if i % 3 == 0:
            w.step(0.02)
        w.kill()
        if i % 2:
            w.qmp.sendall(b'{"execute":"query-sta')
        w.next_instance()
        w.until(lambda: w.states, "speaks after kill %d" % i)
        assert '"running":true' in qmp("query-status"), i
    assert state()[0] == 1

    # A QEMU that hangs while its worker is born: known at once from the notes, and answered for.
    os.kill(w.qemu, signal.SIGSTOP)
    w.next_instance()
    t = time.monotonic()
    assert "remember me" in w.call("domain.get_xml_desc", 0)[0]
    assert time.monotonic() - t < 5         # not after a deadline
    os.kill(w.qemu, signal.SIGCONT)
    w.until(lambda: w.states and state()[0] == 1, "it answers again")

    # The end is seen by the last of them.
    qmp("system_powerdown")
    w.begin("domain.monitor_command", '{"execute":"quit"}', 0)
    w.until(lambda: w.stopped, "the end")
    print("ok - %d workers, one QEMU" % (w.instance + 1))
finally:
    if w.pid:
        print(w.last_words()[-2000:])
    w.close()
