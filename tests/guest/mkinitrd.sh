#!/bin/bash
# mkinitrd.sh OUT [KERNEL-RELEASE]: a small test guest: busybox, the guest agent if it is installed, and the virtio modules of Debian's cloud
# kernel, with an /init that says HELLO-FROM-GUEST and, when all is up, GUEST-READY, on its console, and gives a shell there.
# The power button and the agent's shutdown turn it off.  Words on the kernel's command line:
#   halt       turn off right after the greeting      run=CMD    run CMD ("+" for blanks) before GUEST-READY
# Needs no root.
set -euo pipefail
out=${1:?usage: mkinitrd.sh OUT [KERNEL-RELEASE]}
kernel=${2:-$(ls /lib/modules | grep cloud | sort -V | tail -n 1)}
PATH=$PATH:/usr/sbin:/sbin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

mkdir -p "$root"/{bin,sbin,usr/sbin,proc,sys,dev,run,tmp,root,mnt,etc/acpi/PWRF,var/log,var/lock,lib/modules/"$kernel"}
ln -s /run "$root/var/run"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $(busybox --list); do
    [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"
done

# Modules: these at boot, in the order of their dependencies; the others wait for a modprobe in the guest.
at_boot="button evdev virtio_pci virtio_blk virtio_net virtio_balloon virtio_console virtio_rng ata_piix sr_mod isofs"
later="virtio_scsi sd_mod qemu_fw_cfg pvpanic-pci vfat loop virtio_input virtiofs virtio_mem"
files_of() { for m in $*; do modprobe -S "$kernel" --show-depends "$m" 2>/dev/null | awk '$1 == "insmod" { print $2 }'; done | awk '!seen[$0]++'; }
for file in $(files_of $at_boot $later); do
    mkdir -p "$root${file%/*}"
    cp "$file" "$root$file"
done
files_of $at_boot > "$root/etc/boot-modules"
cp /lib/modules/"$kernel"/modules.{order,builtin,builtin.modinfo} "$root/lib/modules/$kernel/"
depmod -b "$root" "$kernel"

if [ -x /usr/sbin/qemu-ga ]; then
    cp /usr/sbin/qemu-ga "$root/usr/sbin/"
    for file in $(ldd /usr/sbin/qemu-ga | grep -o '/[^ ]*'); do
        mkdir -p "$root${file%/*}"
        cp -L "$file" "$root$file"
    done
fi

script() { printf '#!/bin/sh\n%s\n' "$2" > "$root$1"; chmod +x "$root$1"; }
script /etc/acpi/PWRF/00000080 'echo POWER-BUTTON >/dev/console; poweroff -f'
script /sbin/shutdown 'echo "AGENT-SHUTDOWN $*" >/dev/console
case $1 in -r) reboot -f ;; -H) halt -f ;; *) poweroff -f ;; esac'
echo 'root::0:0:root:/root:/bin/sh' > "$root/etc/passwd"
echo 'root:x:0:' > "$root/etc/group"

cat > "$root/init" <<'INIT'
#!/bin/busybox sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root
mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs tmp /run
mkdir -p /dev/pts /dev/virtio-ports; mount -t devpts pts /dev/pts
echo HELLO-FROM-GUEST
read -r words < /proc/cmdline
case " $words " in *" halt "*) poweroff -f ;; esac
while read -r module; do insmod $module; done < /etc/boot-modules 2>/dev/null
acpid -l /dev/null
ip link set lo up
for port in /sys/class/virtio-ports/*; do
    [ -r $port/name ] && read -r name < $port/name && ln -sf ../${port##*/} /dev/virtio-ports/$name
done 2>/dev/null
[ -e /dev/virtio-ports/org.qemu.guest_agent.0 ] && [ -x /usr/sbin/qemu-ga ] && qemu-ga -d -f /run/qga.pid -t /run -l /run/qga.log
for word in $words; do
    case $word in run=*) eval "$(echo "${word#run=}" | tr + ' ')" ;; esac
done
read -r up rest < /proc/uptime
echo "GUEST-READY $up"
while :; do setsid cttyhack sh; done
INIT
chmod +x "$root/init"
(cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet | gzip -1) > "$out.$$"
mv "$out.$$" "$out"
