#!/usr/bin/python3
"""fakekernel.py LOG: drivers of PCI devices in a made-up /sys, where drivers_probe and each driver's unbind are named pipes. What is asked is noted, a line each, with what driver_override says then."""
import glob, os, select, sys

BUS = "/sys/bus/pci/"


def text(path):
    try:
        return open(path).read().strip()
    except OSError:
        return ""


def asked(log, what, name):
    device = BUS + "devices/" + name
    link = device + "/driver"
    driver = what.split("/")[-2] if what.endswith("unbind") else None
    wanted = text(device + "/driver_override")
    print("%s %s [%s]" % (what, name, wanted), file=log, flush=True)
    if driver:
        if os.path.basename(os.path.realpath(link)) == driver:
            os.unlink(link)
    elif os.path.isdir(device) and not os.path.lexists(link):
        driver = wanted or text(device + "/own")
        if driver and os.path.isdir(BUS + "drivers/" + driver):
            os.symlink("../../drivers/" + driver, link)


def main():
    log = open(sys.argv[1], "a")
    done = os.open(BUS + "done", os.O_WRONLY | os.O_CREAT | os.O_APPEND)     # by how long it is a writer knows (fakevfio.c)
    pipes = {}
    for path in glob.glob(BUS + "drivers/*/unbind") + [BUS + "drivers_probe"]:      # what is unbound comes before what is probed
        pipes[os.open(path, os.O_RDWR)] = path[len(BUS):]
    for d in glob.glob(BUS + "devices/*/driver"):
        with open(os.path.dirname(d) + "/own", "w") as f:
            f.write(os.path.basename(os.path.realpath(d)))
    while True:
        select.select(list(pipes), [], [])
        for fd, what in pipes.items():
            while select.select([fd], [], [], 0)[0]:
                said = os.read(fd, 12).decode()     # a device's name; some write a line's end, too
                if said.strip():
                    asked(log, what, said)
                    os.write(done, b".")


main()
