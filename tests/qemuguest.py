"""qemuguest.py: a real guest for tests of the qemu worker: Debian's cloud kernel and an initrd of busybox and the agent, TCG."""
import glob, os, subprocess
from needs import needed, skip
from qemulib import Resources, Worker

XML = """<domain type='qemu' id='1'>
  <name>g</name>
  <uuid>11111111-1111-1111-1111-111111111111</uuid>
  <memory unit='KiB'>262144</memory>
  <currentMemory unit='KiB'>262144</currentMemory>
  <vcpu placement='static'>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type>
    {boot}
  </os>
  <features><acpi/></features>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    {disks}
    <controller type='usb' index='0' model='piix3-uhci'><alias name='usb'/><address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x2'/></controller>
    <controller type='pci' index='0' model='pci-root'><alias name='pci.0'/></controller>
    <controller type='virtio-serial' index='0'><alias name='virtio-serial0'/><address type='pci' domain='0x0000' bus='0x00' slot='0x04' function='0x0'/></controller>
    <serial type='pty'>
      <source bulkhead-m='{pty}'/>
      <target type='isa-serial' port='0'><model name='isa-serial'/></target>
      <alias name='serial0'/>
    </serial>
    <console type='pty'><source bulkhead-m='{pty}'/><target type='serial' port='0'/><alias name='serial0'/></console>
    <channel type='unix'>
      <source mode='bind' bulkhead-m='{agent}'/>
      <target type='virtio' name='org.qemu.guest_agent.0'/>
      <alias name='channel0'/>
      <address type='virtio-serial' controller='0' bus='0' port='1'/>
    </channel>
    <input type='mouse' bus='ps2'><alias name='input0'/></input>
    <input type='keyboard' bus='ps2'><alias name='input1'/></input>
    <graphics type='vnc' port='{port}' autoport='yes' listen='127.0.0.1' bulkhead-m='{vnc}'><listen type='address' address='127.0.0.1'/></graphics>
    <audio id='1' type='none'/>
    <video><model type='vga' vram='16384' heads='1' primary='yes'/><alias name='video0'/><address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0'/></video>
    <memballoon model='virtio'><stats period='1'/><alias name='balloon0'/><address type='pci' domain='0x0000' bus='0x00' slot='0x07' function='0x0'/></memballoon>
  </devices>
</domain>"""

CMDLINE = "console=ttyS0 tsc=reliable no_timer_check noreplace-smp mitigations=off random.trust_cpu=on panic=-1 quiet"


def kernel():
    k = sorted(glob.glob("/boot/vmlinuz-*"))
    if not k:
        skip("no kernel in /boot")
    return k[-1]


def make(kernel_path=None, initrd=None, cmdline=CMDLINE, folder=None, **kw):
    """A worker for a guest with a qcow2 and a raw disk; without a kernel it stays in the firmware."""
    needed("/usr/bin/qemu-system-x86_64")
    res = Resources()
    folder = folder or os.environ.get("TMPDIR", "/tmp")
    disks = ""
    for n, (fmt, dst, slot) in enumerate((("qcow2", "vda", 5), ("raw", "vdb", 6))):
        path = "%s/bh-test-%d.%s" % (folder, os.getpid(), fmt)
        subprocess.check_call(["qemu-img", "create", "-q", "-f", fmt, path, "16M"])
        i = res.image(path, fmt)
        disks += ("<disk type='file' device='disk'><driver name='qemu' type='%s'/><source file='%s' index='%d' bulkhead-m='%d'/><backingStore/>"
                  "<target dev='%s' bus='virtio'/><alias name='virtio-disk%d'/><address type='pci' domain='0x0000' bus='0x00' slot='0x0%d' function='0x0'/></disk>"
                  % (fmt, path, n + 1, i, dst, n, slot))
        os.unlink(path)
    boot = ""
    if kernel_path:
        k, r = res.file(kernel_path), res.file(initrd)
        boot = "<kernel bulkhead-m='%d'>%s</kernel><initrd bulkhead-m='%d'>%s</initrd><cmdline>%s</cmdline>" % (k, kernel_path, r, initrd, cmdline)
    pty, agent = res.pty(), res.pair()
    vnc, port = res.listener()
    xml = XML.format(boot=boot, disks=disks, pty=pty, agent=agent, vnc=vnc, port=port)
    w = Worker(xml, res, **kw)
    w.vnc_port, w.pty, w.agent_entry = port, pty, agent
    return w
