"""hostdevlib.py: a made-up host for a box: USB devices in its /sys and /dev, and a libusb that takes their nodes (tests/tool/fakeusb.c); a /dev/vhost-scsi that QEMU finds to be none.

    fake_usb(box, {"1-1": (1, 2, "1234", "beef", 5)})       # name in sysfs: bus, device, vendor, product, minor number of the node, whose major is 1

All of it is mounted in the box's own mount namespace.
"""
import os, subprocess
from needs import needed

LIBUSB = "/usr/lib/x86_64-linux-gnu/libusb-1.0.so.0"
HERE = os.path.dirname(os.path.abspath(__file__))

# The host's own nodes and buses stay where they are, beside what is made up.
PLACE = r'''set -e
B=$1 LIB=$2
mkdir -p $B/dev $B/bus
mount -t tmpfs -o mode=755 dev $B/dev
(cd /dev && find . -maxdepth 1 \( -type c -o -type b -o -type l \) -exec cp -a {} $B/dev/ \;)
for d in pts shm mqueue net; do [ -d /dev/$d ] && mkdir $B/dev/$d && mount --rbind /dev/$d $B/dev/$d; done
mkdir -p $B/dev/bus/usb
mknod $B/dev/vhost-scsi c 1 3
mount --move $B/dev /dev
mount -t tmpfs -o mode=755 bus $B/bus
for d in /sys/bus/*; do mkdir $B/bus/${d##*/}; mount --bind $d $B/bus/${d##*/}; done
mkdir -p $B/bus/usb/devices
mount --move $B/bus /sys/bus
mount --bind $LIB $(readlink -f %s)
''' % LIBUSB


def sh(box, line):
    box.run("sh", "-ec", line)


def add_usb(box, name, bus, device, vendor, product, minor):
    d, node = "/sys/bus/usb/devices/" + name, "/dev/bus/usb/%03d" % bus
    files = {"busnum": bus, "devnum": device, "idVendor": vendor, "idProduct": product, "dev": "1:%d" % minor}
    sh(box, "mkdir -p %s %s; mknod %s/%03d c 1 %d; " % (d, node, node, device, minor) + "; ".join("echo %s >%s/%s" % (v, d, k) for k, v in files.items()))


def remove_usb(box, name, bus, device):
    sh(box, "rm -r /sys/bus/usb/devices/%s /dev/bus/usb/%03d/%03d" % (name, bus, device))


def fake_usb(box, devices):
    needed("cc")
    lib = box.dir + "/fakeusb.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", lib, HERE + "/tool/fakeusb.c"], check=True)
    os.chmod(lib, 0o755)
    box.run("sh", "-c", PLACE, "sh", box.dir, lib)
    for name, v in devices.items():
        add_usb(box, name, *v)
