"""Small valid pieces of domain documents, by the element they are: what difftest.py builds its documents from. Each is ours."""

DEVICES = {
    'disk': """
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/var/lib/libvirt/images/a.qcow2'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw' cache='none' io='native' discard='unmap'/><source file='/srv/a.img'/><target dev='sda' bus='scsi'/><boot order='1'/></disk>
<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='/dev/vg/a'/><target dev='hda' bus='ide'/><serial>AB12</serial></disk>
<disk type='block' device='lun'><driver name='qemu' type='raw'/><source dev='/dev/sdx'/><target dev='sdb' bus='scsi'/></disk>
<disk type='block' device='lun'><source dev='/dev/sdx'/><target dev='vdb' bus='virtio'/></disk>
<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>
<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='/srv/a.iso'/><target dev='sdc' bus='sata'/><readonly/></disk>
<disk type='block' device='cdrom'><source dev='/dev/sr0'/><target dev='sdd' bus='scsi' tray='open'/></disk>
<disk type='file' device='floppy'><source file='/srv/a.vfd'/><target dev='fda' bus='fdc'/></disk>
<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd' name='exp'><host name='h.example.org' port='10809'/></source><target dev='vdc' bus='virtio'/></disk>
<disk type='network' device='disk'><source protocol='nbd' tls='yes' tlsHostname='x.example.org'><host name='h.example.org'/></source><target dev='vdc' bus='virtio'/></disk>
<disk type='network' device='disk'><source protocol='nbd'><host transport='unix' socket='/run/nbd.sock'/></source><target dev='vdc' bus='virtio'/></disk>
<disk type='network' device='disk'><source protocol='rbd' name='pool/img'><host name='m1' port='6789'/><host name='m2'/><snapshot name='s1'/><config file='/etc/ceph/x.conf'/></source><auth username='u'><secret type='ceph' usage='cephpool'/></auth><target dev='vdd' bus='virtio'/></disk>
<disk type='network' device='disk'><source protocol='iscsi' name='iqn.2020-01.org.example:t/1'><host name='h' port='3260'/><initiator><iqn name='iqn.2020-01.org.example:i'/></initiator></source><target dev='vde' bus='virtio'/></disk>
<disk type='network' device='lun'><source protocol='iscsi' name='iqn.2020-01.org.example:t'><host name='h'/><auth username='u'><secret type='iscsi' usage='libvirtiscsi'/></auth></source><target dev='sde' bus='scsi'/></disk>
<disk type='network' device='disk'><source protocol='gluster' name='vol/img'><host name='a'/><host name='b' transport='rdma'/><host transport='unix' socket='/run/g.sock'/></source><target dev='vdf' bus='virtio'/></disk>
<disk type='network' device='cdrom'><source protocol='https' name='iso/a.iso' query='k=v'><host name='h.example.org'/><ssl verify='no'/><cookies><cookie name='a'>b</cookie></cookies><readahead size='65536'/><timeout seconds='9'/></source><target dev='sdf' bus='sata'/></disk>
<disk type='network' device='disk'><source protocol='ssh' name='/a.img'><host name='h'/></source><target dev='vdg' bus='virtio'/></disk>
<disk type='network' device='disk'><source protocol='nfs' name='/exp/a.img'><host name='h'/><identity user='u' group='g'/></source><target dev='vdg' bus='virtio'/></disk>
<disk type='network' device='disk'><source protocol='sheepdog' name='v'><host name='h' port='7000'/></source><target dev='vdg' bus='virtio'/></disk>
<disk type='network' device='disk'><source protocol='vxhs' name='eb90327c-8302-4725-9e1b-4e85ed4dc251'><host name='h' port='9999'/></source><target dev='vdg' bus='virtio'/></disk>
<disk type='network' device='disk'><source protocol='ftp' name='a.img'><host name='h'/></source><target dev='vdg' bus='virtio'/></disk>
<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/><source pool='default' volume='a.qcow2'/><target dev='vdh' bus='virtio'/></disk>
<disk type='volume' device='cdrom'><source pool='p' volume='unit:0:0:1' mode='host' startupPolicy='optional'/><target dev='hdd' bus='ide'/></disk>
<disk type='nvme' device='disk'><driver name='qemu' type='raw'/><source type='pci' managed='yes' namespace='1'><address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source><target dev='vdi' bus='virtio'/></disk>
<disk type='vhostuser' device='disk'><driver name='qemu' type='raw'/><source type='unix' path='/run/v.sock'/><target dev='vdj' bus='virtio'/></disk>
<disk type='dir' device='floppy'><driver name='qemu' type='fat'/><source dir='/srv/fd'/><target dev='fda' bus='fdc'/><readonly/></disk>
<disk type='dir' device='disk'><driver name='qemu' type='fat'/><source dir='/srv/fd'/><target dev='vdk' bus='virtio'/><readonly/></disk>
<disk type='file' device='disk'><source file='/srv/a.img'/><target dev='sdg' bus='usb' removable='on'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/srv/top.qcow2'/><backingStore type='file'><format type='qcow2'/><source file='/srv/mid.qcow2'/><backingStore type='block'><format type='raw'/><source dev='/dev/base'/><backingStore/></backingStore></backingStore><target dev='vdl' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/srv/top.qcow2'/><backingStore type='network'><format type='raw'/><source protocol='rbd' name='p/i'><host name='m'/><auth username='u'><secret type='ceph' usage='mycluster_myname'/></auth></source></backingStore><target dev='vdl' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/srv/l.qcow2'><encryption format='luks'><secret type='passphrase' uuid='0a81f5b2-8403-7b23-c8d6-21ccc2f80d6f'/></encryption></source><target dev='vdm' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/srv/l.img'/><target dev='vdm' bus='virtio'/><encryption format='luks'><secret type='passphrase' usage='/storage/l'/></encryption></disk>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/srv/l.qcow2'><encryption format='qcow'><secret type='passphrase' uuid='0a81f5b2-8403-7b23-c8d6-21ccc2f80d6f'/></encryption></source><target dev='vdm' bus='virtio'/></disk>
<disk type='network' device='disk'><source protocol='rbd' name='p/i'><host name='m'/><encryption format='luks2' engine='librbd'><secret type='passphrase' uuid='0a81f5b2-8403-7b23-c8d6-21ccc2f80d6f'/></encryption></source><target dev='vdm' bus='virtio'/></disk>
<disk type='block' device='disk'><source dev='/dev/x'><reservations managed='yes'/></source><target dev='sdh' bus='scsi'/></disk>
<disk type='block' device='lun'><source dev='/dev/x'><reservations managed='no'><source type='unix' path='/run/pr.sock' mode='client'/></reservations></source><target dev='sdi' bus='scsi'/></disk>
<disk type='file' device='disk'><source file='/srv/a.img'><slices><slice type='storage' offset='1234' size='5678'/></slices></source><target dev='vdn' bus='virtio'/></disk>
<disk type='file' device='disk'><source file='/srv/a.img'><seclabel model='dac' relabel='no'/></source><target dev='vdo' bus='virtio'/><iotune><total_bytes_sec>1000</total_bytes_sec><total_iops_sec>100</total_iops_sec></iotune></disk>
<disk type='file' device='disk'><source file='/srv/a.img'/><target dev='vdp' bus='virtio'/><iotune><read_bytes_sec>1000</read_bytes_sec><write_bytes_sec>1000</write_bytes_sec><read_bytes_sec_max>5000</read_bytes_sec_max><read_bytes_sec_max_length>3</read_bytes_sec_max_length><group_name>g</group_name></iotune></disk>
<disk type='file' device='disk' snapshot='external' model='virtio-transitional'><source file='/srv/a.img' startupPolicy='optional'/><target dev='vdq' bus='virtio'/><blockio logical_block_size='512' physical_block_size='4096'/><geometry cyls='16383' heads='16' secs='63'/></disk>
<disk type='file' device='disk'><source file='/srv/a.img'/><target dev='sdj' bus='scsi' rotation_rate='5000'/><wwn>0123456789abcdef</wwn><vendor>V</vendor><product>P</product><shareable/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw' queues='4' queue_size='256' iommu='on' ats='on' packed='on' iothread='1'/><source file='/srv/a.img'/><target dev='vdr' bus='virtio'/><transient shareBacking='yes'/></disk>
<disk type='file' device='disk'><driver type='qcow2'><metadata_cache><max_size unit='MiB'>4</max_size></metadata_cache></driver><source file='/srv/a.img'/><target dev='vds'/><transient/></disk>
""",
    'controller': """
<controller type='usb' index='0' model='piix3-uhci'/>
<controller type='usb' index='0' model='qemu-xhci' ports='15'/>
<controller type='usb' index='0' model='nec-xhci'/>
<controller type='usb' index='0' model='none'/>
<controller type='usb' index='1' model='ehci'/>
<controller type='usb' index='0'/>
<controller type='usb'/>
<controller type='usb' index='0' model='ich9-ehci1'/>
<controller type='usb' index='0' model='ich9-uhci1'><master startport='0'/></controller>
<controller type='usb' index='0' model='ich9-uhci2'><master startport='2'/></controller>
<controller type='usb' index='0' model='ich9-uhci3'><master startport='4'/></controller>
<controller type='usb' index='1' model='pci-ohci'/>
<controller type='usb' index='1' model='vt82c686b-uhci'/>
<controller type='scsi' index='0' model='virtio-scsi'/>
<controller type='scsi' index='0'/>
<controller type='scsi' index='1' model='lsilogic'/>
<controller type='scsi' index='0' model='lsisas1068'/>
<controller type='scsi' index='0' model='lsisas1078'/>
<controller type='scsi' index='0' model='vmpvscsi'/>
<controller type='scsi' index='0' model='am53c974'/>
<controller type='scsi' index='0' model='virtio-scsi'><driver queues='4' cmd_per_lun='50' max_sectors='512' ioeventfd='on' iothread='1'/></controller>
<controller type='scsi' index='2' model='virtio-non-transitional'/>
<controller type='virtio-serial' index='0'/>
<controller type='virtio-serial' index='1' ports='16' vectors='4'/>
<controller type='virtio-serial' index='0' model='virtio-transitional'/>
<controller type='sata' index='0'/>
<controller type='sata' index='1'/>
<controller type='ide' index='0'/>
<controller type='ide' index='1' model='piix4'/>
<controller type='fdc' index='0'/>
<controller type='ccid' index='0'/>
<controller type='pci' index='0' model='pci-root'/>
<controller type='pci' index='0' model='pcie-root'/>
<controller type='pci' index='1' model='pci-bridge'/>
<controller type='pci' index='2' model='pci-bridge'><model name='pci-bridge'/><target chassisNr='56'/></controller>
<controller type='pci' index='1' model='pcie-root-port'/>
<controller type='pci' model='pcie-root-port'/>
<controller type='pci' index='3' model='pcie-root-port'><model name='ioh3420'/><target chassis='40' port='0x1a' hotplug='off'/></controller>
<controller type='pci' index='1' model='dmi-to-pci-bridge'/>
<controller type='pci' index='2' model='pcie-to-pci-bridge'/>
<controller type='pci' index='2' model='pcie-switch-upstream-port'/>
<controller type='pci' index='3' model='pcie-switch-downstream-port'/>
<controller type='pci' index='1' model='pci-expander-bus'><target busNr='254'/></controller>
<controller type='pci' index='1' model='pcie-expander-bus'><target busNr='200'><node>0</node></target></controller>
<controller type='pci' index='0' model='pci-root'><pcihole64 unit='KiB'>1048576</pcihole64></controller>
<controller type='pci' index='0' model='pcie-root'><pcihole64 unit='GiB'>2</pcihole64></controller>
<controller type='pci' index='0' model='pci-root'><target hotplug='off'/></controller>
<controller type='isa' index='0'/>
<controller type='xenbus' index='0' maxGrantFrames='64' maxEventChannels='2047'/>
""",
    'interface': """
<interface type='network'><mac address='52:54:00:11:22:33'/><source network='default'/><model type='virtio'/></interface>
<interface type='network'><source network='default' portgroup='pg'/></interface>
<interface type='bridge'><mac address='52:54:00:11:22:34'/><source bridge='br0'/><target dev='tap7'/><model type='e1000'/><link state='down'/></interface>
<interface type='bridge'><source bridge='ovs'/><virtualport type='openvswitch'><parameters interfaceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f' profileid='p'/></virtualport><vlan trunk='yes'><tag id='42'/><tag id='47' nativeMode='tagged'/></vlan><model type='virtio'/><mtu size='9000'/></interface>
<interface type='user'><mac address='52:54:00:11:22:35'/><model type='rtl8139'/></interface>
<interface type='user'><ip address='172.17.2.0' family='ipv4' prefix='24'/><ip address='2001:db8:ac10:fd01::' family='ipv6' prefix='64'/><model type='virtio'/></interface>
<interface type='direct'><source dev='eth0' mode='bridge'/><model type='virtio'/></interface>
<interface type='direct' trustGuestRxFilters='yes'><source dev='eth0' mode='vepa'/><virtualport type='802.1Qbg'><parameters managerid='11' typeid='1193047' typeidversion='2' instanceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f'/></virtualport><model type='virtio'/></interface>
<interface type='direct'><source dev='eth0' mode='private'/><virtualport type='802.1Qbh'><parameters profileid='p'/></virtualport><model type='e1000e'/></interface>
<interface type='ethernet'><mac address='52:54:00:11:22:36'/><script path='/etc/qemu-ifup'/><target dev='tap1'/><model type='virtio'/></interface>
<interface type='ethernet'><target dev='tap2' managed='no'/><downscript path='/etc/qemu-ifdown'/><model type='e1000'/></interface>
<interface type='ethernet'><source><ip address='192.168.1.2' prefix='24' peer='192.168.1.3'/><route family='ipv4' address='10.0.0.0' prefix='8' gateway='192.168.1.1'/></source><model type='virtio'/></interface>
<interface type='vhostuser'><source type='unix' path='/run/ovs.sock' mode='server'/><model type='virtio'/><driver queues='4' rx_queue_size='1024' tx_queue_size='1024'/></interface>
<interface type='vhostuser'><source type='unix' path='/run/ovs.sock' mode='client'><reconnect enabled='yes' timeout='5'/></source><model type='virtio'/></interface>
<interface type='hostdev' managed='yes'><mac address='52:54:00:11:22:37'/><source><address type='pci' domain='0x0000' bus='0x03' slot='0x07' function='0x1'/></source><vlan><tag id='12'/></vlan></interface>
<interface type='hostdev'><driver name='vfio'/><source><address type='pci' domain='0x0000' bus='0x03' slot='0x07' function='0x2'/></source><teaming type='transient' persistent='ua-backup0'/></interface>
<interface type='bridge'><source bridge='br0'/><model type='virtio'/><teaming type='persistent'/><alias name='ua-backup0'/></interface>
<interface type='mcast'><source address='230.0.0.1' port='5558'/><model type='virtio'/></interface>
<interface type='server'><source address='192.168.0.1' port='5558'/><model type='e1000'/></interface>
<interface type='client'><source address='192.168.0.1' port='5558'/></interface>
<interface type='udp'><source address='127.0.0.1' port='11115'><local address='127.0.0.1' port='11116'/></source><model type='virtio'/></interface>
<interface type='internal'><source name='n'/></interface>
<interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface>
<interface type='null'/>
<interface type='network'><source network='default'/><model type='virtio'/><driver name='vhost' txmode='iothread' ioeventfd='on' event_idx='off' queues='5' rx_queue_size='256' tx_queue_size='256'><host csum='off' gso='off' tso4='off' tso6='off' ecn='off' ufo='off' mrg_rxbuf='off'/><guest csum='off' tso4='off' tso6='off' ecn='off' ufo='off'/></driver></interface>
<interface type='network'><source network='default'/><bandwidth><inbound average='1000' peak='5000' floor='200' burst='1024'/><outbound average='128' peak='256' burst='256'/></bandwidth><model type='virtio'/><coalesce><rx><frames max='7'/></rx></coalesce></interface>
<interface type='network'><source network='default'/><filterref filter='clean-traffic'><parameter name='IP' value='10.0.0.1'/></filterref><model type='virtio-transitional'/><tune><sndbuf>1600</sndbuf></tune></interface>
<interface type='bridge'><source bridge='br0'/><model type='virtio'/><backend tap='/dev/net/tun' vhost='/dev/vhost-net'/><port isolated='yes'/><rom bar='off' file='/srv/r.rom'/><boot order='2'/></interface>
<interface type='bridge'><source bridge='br0'/><guest dev='g'/><model type='virtio'/><acpi index='5'/><address type='pci' domain='0x0000' bus='0x00' slot='0x0a' function='0x0'/></interface>
<interface type='network'><source network='default'/><model type='usb-net'/></interface>
<interface type='user'><model type='ne2k_pci'/></interface>
<interface type='user'><model type='pcnet'/></interface>
<interface type='user'><model type='vmxnet3'/></interface>
<interface type='vds'><source switchid='50 2c 98 6d 0e 5d 8b 4b-9c 47 a4 f3 1b 0c 5b 6d' portgroupid='pg' portid='1' connectionid='2'/></interface>
""",
    'smartcard': """
<smartcard mode='host'/>
<smartcard mode='host-certificates'><certificate>a</certificate><certificate>b</certificate><certificate>c</certificate><database>/etc/pki/nssdb</database></smartcard>
<smartcard mode='passthrough' type='tcp'><source mode='bind' host='127.0.0.1' service='2001'/><protocol type='raw'/></smartcard>
<smartcard mode='passthrough' type='spicevmc'/>
<smartcard mode='passthrough' type='unix'><source mode='connect' path='/run/s'/><address type='ccid' controller='0' slot='0'/></smartcard>
""",
    'serial': """
<serial type='pty'/>
<serial type='pty'><target port='0'/></serial>
<serial type='pty'><target type='isa-serial' port='0'><model name='isa-serial'/></target></serial>
<serial type='file'><source path='/var/log/s.log' append='on'/><target port='1'/></serial>
<serial type='tcp'><source mode='bind' host='0.0.0.0' service='2445'/><protocol type='telnet'/></serial>
<serial type='tcp'><source mode='connect' host='h' service='2445' tls='yes'><reconnect enabled='yes' timeout='10'/></source><protocol type='raw'/></serial>
<serial type='udp'><source mode='bind' host='127.0.0.1' service='9999'/><source mode='connect' host='127.0.0.1' service='9998'/></serial>
<serial type='unix'><source mode='bind' path='/run/s.sock'/><target type='pci-serial' port='0'/></serial>
<serial type='unix'><source mode='connect' path='/run/s.sock'><reconnect enabled='no'/></source></serial>
<serial type='dev'><source path='/dev/ttyS0'/><target type='usb-serial' port='0'/></serial>
<serial type='pipe'><source path='/run/p'/></serial>
<serial type='null'/>
<serial type='vc'/>
<serial type='stdio'/>
<serial type='nmdm'><source master='/dev/nmdm0A' slave='/dev/nmdm0B'/></serial>
<serial type='spiceport'><source channel='org.example.c'/></serial>
<serial type='dbus'><source channel='org.qemu.console.serial.0'/></serial>
<serial type='pty'><log file='/var/log/s.log' append='off'/><target type='isa-debug'><model name='isa-debugcon'/></target><address type='isa' iobase='0x402'/></serial>
<serial type='pty'><target type='isa-serial' port='2'/><address type='isa' iobase='0x3e8' irq='0x5'/></serial>
<serial type='pty'><target type='system-serial'/></serial>
<serial type='pty'><target type='sclp-serial'/></serial>
<serial type='pty'><target type='spapr-vio-serial'/></serial>
""",
    'parallel': """
<parallel type='dev'><source path='/dev/parport0'/><target port='0'/></parallel>
<parallel type='tcp'><source mode='connect' host='h' service='1'/></parallel>
<parallel type='pty'/>
<parallel type='file'><source path='/srv/p'/></parallel>
""",
    'console': """
<console type='pty'/>
<console type='pty'><target type='serial' port='0'/></console>
<console type='pty'><target type='virtio' port='0'/></console>
<console type='pty'><target type='virtio'/><address type='virtio-serial' controller='1' bus='0' port='3'/></console>
<console type='file'><source path='/var/log/c.log'/><target type='virtio'/></console>
<console type='stdio'><target type='virtio' port='1'/></console>
<console type='tcp'><source mode='bind' host='127.0.0.1' service='5000'/><protocol type='raw'/></console>
<console type='pty'><target type='xen'/></console>
<console type='pty'><target type='sclp'/></console>
<console type='pty'><target type='uml'/></console>
<console type='unix'><source mode='bind'/><target type='virtio'/></console>
""",
    'channel': """
<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<channel type='unix'><source mode='bind' path='/var/lib/libvirt/qemu/f16x86_64.agent'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<channel type='unix'><source mode='bind'/><target type='virtio' name='org.qemu.guest_agent.0'/><address type='virtio-serial' controller='0' bus='0' port='1'/></channel>
<channel type='unix'><source mode='connect' path='/run/c.sock'/><target type='virtio' name='c'/></channel>
<channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>
<channel type='spiceport'><source channel='org.spice-space.webdav.0'/><target type='virtio' name='org.spice-space.webdav.0'/></channel>
<channel type='qemu-vdagent'><source><clipboard copypaste='yes'/><mouse mode='client'/></source><target type='virtio' name='com.redhat.spice.0'/></channel>
<channel type='pty'><target type='virtio' name='p' state='connected'/></channel>
<channel type='pty'><target type='virtio'/></channel>
<channel type='tcp'><source mode='bind' host='h' service='1'/><target type='virtio' name='t'/></channel>
<channel type='unix'><source mode='bind' path='/run/g.sock'/><target type='guestfwd' address='10.0.2.1' port='4600'/></channel>
<channel type='pipe'><source path='/run/pp'/><target type='guestfwd' address='10.0.2.1' port='4601'/></channel>
<channel type='unix'><target type='xen' name='org.qemu.guest_agent.0'/></channel>
<channel type='dbus'><source channel='org.qemu.vdagent'/><target type='virtio' name='v'/></channel>
<channel type='null'><target type='virtio' name='n'/><address type='virtio-serial' controller='0' bus='0' port='4'/></channel>
""",
    'input': """
<input type='tablet' bus='usb'/>
<input type='mouse' bus='ps2'/>
<input type='keyboard' bus='ps2'/>
<input type='keyboard' bus='usb'/>
<input type='mouse'/>
<input type='tablet'/>
<input type='mouse' bus='virtio'/>
<input type='tablet' bus='virtio' model='virtio-non-transitional'/>
<input type='keyboard' bus='virtio' model='virtio'><driver iommu='on' ats='on' packed='on'/></input>
<input type='passthrough' bus='virtio'><source evdev='/dev/input/event1234'/></input>
<input type='evdev'><source dev='/dev/input/event1' grab='all' grabToggle='shift-shift' repeat='on'/></input>
<input type='mouse' bus='xen'/>
<input type='mouse' bus='usb'><address type='usb' bus='0' port='2'/></input>
""",
    'tpm': """
<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>
<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
<tpm><backend type='emulator' version='1.2'/></tpm>
<tpm model='tpm-crb'><backend type='passthrough'/></tpm>
<tpm model='tpm-spapr'><backend type='emulator' version='2.0' persistent_state='yes'><encryption secret='0a81f5b2-8403-7b23-c8d6-21ccc2f80d6f'/><active_pcr_banks><sha256/><sha512/></active_pcr_banks></backend></tpm>
<tpm><backend type='external'><source type='unix' mode='connect' path='/run/tpm.sock'/></backend></tpm>
""",
    'graphics': """
<graphics type='vnc' port='-1' autoport='yes'/>
<graphics type='vnc' port='5901' autoport='no' listen='127.0.0.1'><listen type='address' address='127.0.0.1'/></graphics>
<graphics type='vnc'/>
<graphics type='vnc' port='5903' websocket='5701' sharePolicy='allow-exclusive' keymap='en-us' passwd='secret' passwdValidTo='2030-01-02T03:04:05' connected='keep'><listen type='network' network='vnet'/></graphics>
<graphics type='vnc' socket='/run/vnc.sock'/>
<graphics type='vnc'><listen type='socket' socket='/run/vnc.sock'/></graphics>
<graphics type='vnc'><listen type='socket'/></graphics>
<graphics type='vnc'><listen type='none'/></graphics>
<graphics type='vnc' powerControl='yes' websocket='-1'><listen type='address'/><audio id='1'/></graphics>
<graphics type='spice' autoport='yes'/>
<graphics type='spice' port='5900' tlsPort='-1' autoport='no' listen='0.0.0.0'><channel name='main' mode='insecure'/><image compression='auto_glz'/><jpeg compression='auto'/><zlib compression='always'/><playback compression='on'/><streaming mode='filter'/><mouse mode='client'/><clipboard copypaste='no'/><filetransfer enable='no'/></graphics>
<graphics type='spice'><listen type='none'/><gl enable='yes' rendernode='/dev/dri/renderD128'/></graphics>
<graphics type='spice'><listen type='socket' socket='/run/spice.sock'/></graphics>
<graphics type='spice' port='5903' autoport='no' defaultMode='secure' passwd='a' connected='disconnect' keymap='de'/>
<graphics type='spice' port='-1' tlsPort='-1' autoport='yes'><listen type='network' network='n'/></graphics>
<graphics type='sdl' display=':0' xauth='/root/.Xauthority' fullscreen='yes'/>
<graphics type='sdl'><gl enable='yes'/></graphics>
<graphics type='egl-headless'><gl rendernode='/dev/dri/renderD128'/></graphics>
<graphics type='egl-headless'/>
<graphics type='dbus'/>
<graphics type='dbus' p2p='yes'><gl enable='no'/><audio id='1'/></graphics>
<graphics type='dbus' address='unix:path=/run/bus'/>
<graphics type='rdp' port='3389' autoport='no' replaceUser='yes' multiUser='yes'/>
<graphics type='desktop' display=':1' fullscreen='no'/>
""",
    'sound': """
<sound model='ich6'/>
<sound model='ich9'><codec type='micro'/><codec type='duplex'/><audio id='1'/></sound>
<sound model='ac97'/>
<sound model='es1370'/>
<sound model='sb16'/>
<sound model='pcspk'/>
<sound model='usb'/>
<sound model='ich7'/>
<sound model='ich6'><codec type='output'/></sound>
""",
    'audio': """
<audio id='1' type='none'/>
<audio id='1' type='spice'/>
<audio id='1' type='alsa'><input mixingEngine='yes' fixedSettings='yes' voices='2' bufferLength='100' dev='default'><settings frequency='44100' channels='2' format='s16'/></input><output mixingEngine='no' dev='fish'/></audio>
<audio id='1' type='coreaudio'><input bufferCount='9'/><output bufferLength='7'/></audio>
<audio id='1' type='jack'><input serverName='s' clientName='c' connectPorts='.*' exactName='yes'/></audio>
<audio id='1' type='oss' tryMMap='yes' exclusive='yes' dspPolicy='3'><input dev='/dev/dsp0' tryPoll='yes' bufferCount='5'/></audio>
<audio id='1' type='pulseaudio' serverName='acme.example.org'><input name='f' streamName='st' latency='100'/><output name='g'/></audio>
<audio id='1' type='sdl' driver='pulseaudio'><input bufferCount='50'/></audio>
<audio id='1' type='file' path='/srv/a.wav'/>
<audio id='1' type='dbus'/>
<audio id='2' type='none' timerPeriod='50'/>
""",
    'video': """
<video><model type='vga' vram='16384' heads='1'/></video>
<video><model type='cirrus'/></video>
<video><model type='qxl' ram='65536' vram='65536' vgamem='16384' heads='1' primary='yes'/></video>
<video><model type='qxl' ram='1000' vram='3000' vram64='8192' vgamem='8192' heads='2'/></video>
<video><model type='virtio' heads='1' primary='yes'><acceleration accel3d='yes'/></model></video>
<video><driver iommu='on' ats='on' packed='on' page_per_vq='on'/><model type='virtio'><resolution x='1280' y='720'/></model></video>
<video><driver name='vhostuser'/><model type='virtio'><acceleration accel3d='no' rendernode='/dev/dri/renderD128'/></model></video>
<video><driver vgaconf='io'/><model type='vga'/></video>
<video><model type='vmvga' vram='9216'/></video>
<video><model type='bochs'/></video>
<video><model type='ramfb'/></video>
<video><model type='none'/></video>
<video><model type='default'/></video>
<video/>
<video><model type='xen'/></video>
<video><model type='gop'/></video>
<video><model type='virtio' heads='4'><acceleration accel2d='yes'/></model><address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0'/></video>
""",
    'hostdev': """
<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000' bus='0x06' slot='0x12' function='0x5'/></source></hostdev>
<hostdev mode='subsystem' type='pci'><driver name='vfio'/><source><address domain='0x0000' bus='0x06' slot='0x12' function='0x6'/></source><rom bar='on' file='/srv/r.rom'/><boot order='1'/></hostdev>
<hostdev mode='subsystem' type='pci' managed='no'><driver name='kvm'/><source><address domain='0' bus='6' slot='0x12' function='0x7'/></source><address type='unassigned'/></hostdev>
<hostdev mode='subsystem' type='usb' managed='no'><source><vendor id='0x1234'/><product id='0xbeef'/></source></hostdev>
<hostdev mode='subsystem' type='usb'><source startupPolicy='optional' guestReset='off'><vendor id='0x204'/><product id='0x6025'/><address bus='14' device='6'/></source></hostdev>
<hostdev mode='subsystem' type='usb'><source><address bus='14' device='7'/></source><boot order='4'/></hostdev>
<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host0'/><address bus='0' target='0' unit='0'/></source></hostdev>
<hostdev mode='subsystem' type='scsi' sgio='unfiltered' rawio='yes'><source><adapter name='scsi_host5'/><address bus='0' target='5' unit='256'/></source><shareable/></hostdev>
<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host0'/><address bus='0' target='0' unit='1'/></source><readonly/><address type='drive' controller='0' bus='0' target='2' unit='5'/></hostdev>
<hostdev mode='subsystem' type='scsi'><source protocol='iscsi' name='iqn.1992-01.com.example:storage/1'><host name='h' port='3260'/><auth username='u'><secret type='iscsi' usage='libvirtiscsi'/></auth><initiator><iqn name='iqn.1992-01.com.example:client'/></initiator></source></hostdev>
<hostdev mode='subsystem' type='scsi'><source protocol='iscsi' name='iqn.1992-01.com.example'><host name='h'/></source></hostdev>
<hostdev mode='subsystem' type='scsi_host'><source protocol='vhost' wwpn='naa.5123456789abcde0'/></hostdev>
<hostdev mode='subsystem' type='scsi_host' model='virtio-transitional'><source protocol='vhost' wwpn='naa.5123456789abcde1'/></hostdev>
<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='53764d0e-85a0-42b4-af5c-2046b460b1dc'/></source></hostdev>
<hostdev mode='subsystem' type='mdev' model='vfio-pci' display='on' ramfb='on'><source><address uuid='53764d0e-85a0-42b4-af5c-2046b460b1dd'/></source></hostdev>
<hostdev mode='subsystem' type='mdev' model='vfio-ccw'><source><address uuid='53764d0e-85a0-42b4-af5c-2046b460b1de'/></source></hostdev>
<hostdev mode='subsystem' type='mdev' model='vfio-ap'><source><address uuid='53764d0e-85a0-42b4-af5c-2046b460b1df'/></source></hostdev>
<hostdev mode='capabilities' type='storage'><source><block>/dev/sdf1</block></source></hostdev>
<hostdev mode='capabilities' type='misc'><source><char>/dev/input/event3</char></source></hostdev>
<hostdev mode='capabilities' type='net'><source><interface>eth0</interface></source></hostdev>
""",
    'redirdev': """
<redirdev bus='usb' type='spicevmc'/>
<redirdev bus='usb' type='tcp'><source mode='connect' host='localhost' service='4000'/><protocol type='raw'/><boot order='1'/></redirdev>
<redirdev bus='usb' type='unix'><source mode='connect' path='/run/r'/><address type='usb' bus='0' port='4'/></redirdev>
""",
    'redirfilter': """
<redirfilter><usbdev class='0x08' vendor='0x1234' product='0xBEEF' version='2.56' allow='yes'/><usbdev allow='no'/></redirfilter>
<redirfilter><usbdev class='-1' vendor='-1' product='-1' version='-1' allow='no'/></redirfilter>
""",
    'hub': """
<hub type='usb'/>
<hub type='usb'><address type='usb' bus='0' port='1'/></hub>
""",
    'watchdog': """
<watchdog model='i6300esb' action='reset'/>
<watchdog model='ib700' action='poweroff'/>
<watchdog model='i6300esb' action='inject-nmi'/>
<watchdog model='diag288'/>
<watchdog model='itco'/>
""",
    'memballoon': """
<memballoon model='virtio'/>
<memballoon model='none'/>
<memballoon model='virtio' autodeflate='on' freePageReporting='off'><stats period='10'/></memballoon>
<memballoon model='virtio-non-transitional'><driver iommu='on' ats='on'/></memballoon>
<memballoon model='xen'/>
""",
    'rng': """
<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
<rng model='virtio'><rate bytes='1024' period='2000'/><backend model='random'>/dev/hwrng</backend></rng>
<rng model='virtio-transitional'><backend model='builtin'/></rng>
<rng model='virtio'><backend model='egd' type='udp'><source mode='bind' service='1234'/><source mode='connect' host='h' service='1234'/></backend></rng>
<rng model='virtio'><backend model='egd' type='tcp'><source mode='connect' host='1.2.3.4' service='1234'/><protocol type='raw'/></backend><driver packed='on'/></rng>
<rng model='virtio'><backend model='random'/></rng>
<rng model='virtio'><backend model='egd' type='unix'><source mode='connect' path='/run/egd'/></backend></rng>
""",
    'panic': """
<panic/>
<panic model='isa'><address type='isa' iobase='0x505'/></panic>
<panic model='hyperv'/>
<panic model='pseries'/>
""",
    'shmem': """
<shmem name='s0'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>
<shmem name='s1'/>
<shmem name='s2'><model type='ivshmem-doorbell'/><server path='/run/s2'/><msi vectors='16' ioeventfd='on'/></shmem>
<shmem name='s3' role='master'><model type='ivshmem-plain'/></shmem>
<shmem name='s4'><model type='ivshmem-doorbell'/><server/></shmem>
""",
    'memory': """
<memory model='dimm'><target><size unit='KiB'>524288</size><node>0</node></target></memory>
<memory model='dimm' access='private' discard='yes'><source><nodemask>0</nodemask><pagesize unit='KiB'>2048</pagesize></source><target><size unit='MiB'>512</size><node>0</node></target><address type='dimm' slot='3' base='0x100000000'/></memory>
<memory model='nvdimm' access='shared'><source><path>/srv/nv</path><alignsize unit='KiB'>2048</alignsize><pmem/></source><target><size unit='KiB'>523264</size><node>0</node><label><size unit='KiB'>128</size></label><readonly/></target></memory>
<memory model='nvdimm'><source><path>/srv/nv</path></source><target><size unit='KiB'>524288</size><node>0</node></target></memory>
<memory model='virtio-pmem'><source><path>/srv/nv2</path></source><target><size unit='KiB'>524288</size></target></memory>
<memory model='virtio-mem'><target><size unit='KiB'>1048576</size><node>0</node><block unit='KiB'>2048</block><requested unit='KiB'>524288</requested></target></memory>
<memory model='virtio-mem'><source><pagesize unit='KiB'>2048</pagesize></source><target><size unit='KiB'>1048576</size><node>0</node><block unit='KiB'>2048</block><requested unit='KiB'>0</requested></target></memory>
<memory model='sgx-epc'><source><nodemask>0</nodemask></source><target><size unit='KiB'>65536</size><node>0</node></target></memory>
<memory model='sgx-epc'><target><size unit='KiB'>65536</size></target></memory>
""",
    'iommu': """
<iommu model='intel'/>
<iommu model='intel'><driver intremap='on' caching_mode='on' eim='on' iotlb='on' aw_bits='48'/></iommu>
<iommu model='virtio'/>
<iommu model='smmuv3'/>
""",
    'vsock': """
<vsock model='virtio'><cid auto='no' address='4'/></vsock>
<vsock model='virtio'><cid auto='yes'/></vsock>
<vsock/>
<vsock model='virtio-non-transitional'><cid auto='yes' address='77'/><driver iommu='on'/></vsock>
""",
    'filesystem': """
<filesystem type='mount' accessmode='passthrough'><source dir='/srv/e'/><target dir='tag'/></filesystem>
<filesystem type='mount' accessmode='mapped' multidevs='remap' fmode='0644' dmode='0755'><driver type='path' wrpolicy='immediate'/><source dir='/srv/f'/><target dir='tag2'/><readonly/></filesystem>
<filesystem type='mount' accessmode='squash' model='virtio-transitional'><driver type='handle'/><source dir='/srv/g'/><target dir='tag3'/></filesystem>
<filesystem type='mount' accessmode='passthrough'><driver type='virtiofs' queue='1024'/><binary path='/usr/libexec/virtiofsd' xattr='on'><cache mode='always'/><sandbox mode='chroot'/><lock posix='on' flock='off'/><thread_pool size='16'/></binary><source dir='/srv/h'/><target dir='tag4'/></filesystem>
<filesystem type='mount'><driver type='virtiofs'/><source socket='/run/vfs.sock'/><target dir='tag5'/></filesystem>
<filesystem type='template'><source name='t'/><target dir='/'/></filesystem>
<filesystem type='file'><driver type='nbd' format='qcow2'/><source file='/srv/fs.img'/><target dir='/x'/></filesystem>
<filesystem type='block'><source dev='/dev/x'/><target dir='/x'/></filesystem>
<filesystem type='ram'><source usage='1048576' units='KiB'/><target dir='/x'/></filesystem>
<filesystem type='bind'><source dir='/a'/><target dir='/b'/></filesystem>
<filesystem type='volume'><source pool='p' volume='v'/><target dir='/b'/><space_hard_limit unit='G'>1</space_hard_limit><space_soft_limit>65536</space_soft_limit></filesystem>
""",
    'lease': """
<lease><lockspace>somearea</lockspace><key>somekey</key><target path='/some/lease/path' offset='1024'/></lease>
<lease><key>k</key><target path='/p'/></lease>
""",
    'nvram': """
<nvram><address type='spapr-vio' reg='0x3000'/></nvram>
<nvram/>
""",
    'crypto': """
<crypto model='virtio' type='qemu'><backend model='builtin' queues='1'/></crypto>
""",
}

# Of <domain> itself: what a document may have besides the basis below.
TOP = """
<genid/>
<genid>e9392370-2917-565e-692b-d057f46512d6</genid>
<title>A title</title>
<description>Some words</description>
<metadata><app1:foo xmlns:app1="http://app1.org/app1/">fooish</app1:foo><b:bar xmlns:b="http://b.org/">x</b:bar></metadata>
<blkiotune><weight>800</weight><device><path>/dev/sda</path><weight>400</weight><read_bytes_sec>10000</read_bytes_sec></device></blkiotune>
<memtune><hard_limit unit='KiB'>512000</hard_limit><soft_limit unit='bytes'>131072000</soft_limit><swap_hard_limit unit='KB'>1048576</swap_hard_limit></memtune>
<memtune><hard_limit>9007199254740991</hard_limit></memtune>
<memoryBacking><hugepages/></memoryBacking>
<memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages><locked/><nosharepages/></memoryBacking>
<memoryBacking><hugepages><page size='1' unit='GiB' nodeset='0'/></hugepages></memoryBacking>
<memoryBacking><source type='memfd'/><access mode='shared'/><allocation mode='immediate' threads='8'/><discard/></memoryBacking>
<memoryBacking><source type='file'/><access mode='private'/><allocation mode='ondemand'/></memoryBacking>
<memoryBacking><source type='anonymous'/></memoryBacking>
<vcpu placement='static' cpuset='0-1' current='1'>2</vcpu>
<vcpu placement='auto'>4</vcpu>
<vcpu cpuset='1-4,^3,6' current='2'>4</vcpu>
<vcpu>3</vcpu><vcpus><vcpu id='0' enabled='yes' hotpluggable='no' order='1'/><vcpu id='1' enabled='yes' hotpluggable='yes' order='2'/><vcpu id='2' enabled='no' hotpluggable='yes'/></vcpus>
<iothreads>2</iothreads>
<iothreads>4</iothreads><iothreadids><iothread id='2'/><iothread id='4' thread_pool_min='8' thread_pool_max='16'><poll max='32768' grow='4' shrink='2'/></iothread></iothreadids><defaultiothread thread_pool_min='4' thread_pool_max='32'/>
<iothreadids><iothread id='5'/></iothreadids>
<vcpu>4</vcpu><iothreads>2</iothreads><cputune><shares>2048</shares><period>1000000</period><quota>-1</quota><global_period>100000</global_period><global_quota>10000</global_quota><emulator_period>1000000</emulator_period><emulator_quota>-1</emulator_quota><iothread_period>1000</iothread_period><iothread_quota>2000</iothread_quota><vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='1' cpuset='1'/><emulatorpin cpuset='1'/><iothreadpin iothread='1' cpuset='0'/><emulatorsched scheduler='fifo' priority='1'/><vcpusched vcpus='0-2' scheduler='rr' priority='1'/><vcpusched vcpus='3' scheduler='batch'/><iothreadsched iothreads='2' scheduler='idle'/></cputune>
<vcpu>2</vcpu><cputune><cachetune vcpus='0-1'><cache id='0' level='3' type='both' size='3072' unit='KiB'/><monitor level='3' vcpus='0'/></cachetune><memorytune vcpus='0-1'><node id='0' bandwidth='20'/></memorytune></cputune>
<numatune><memory mode='strict' nodeset='0'/></numatune>
<numatune><memory mode='interleave' placement='auto'/></numatune>
<numatune><memory mode='restrictive' nodeset='0'/></numatune>
<vcpu>4</vcpu><numatune><memory mode='preferred' nodeset='0'/><memnode cellid='0' mode='preferred' nodeset='0'/></numatune><cpu><numa><cell id='0' cpus='0-1' memory='524288' unit='KiB'/><cell id='1' cpus='2-3' memory='524288' unit='KiB'/></numa></cpu>
<resource><partition>/virtualmachines</partition></resource>
<resource><fibrechannel appid='userProvidedID'/></resource>
<os><type arch='x86_64' machine='pc'>hvm</type><smbios mode='sysinfo'/></os><sysinfo type='smbios'><bios><entry name='vendor'>LENOVO</entry><entry name='version'>6FET82WW (3.12 )</entry><entry name='date'>01/02/2020</entry></bios><system><entry name='manufacturer'>Fedora</entry><entry name='product'>Virt</entry><entry name='sku'>s</entry></system><baseBoard><entry name='manufacturer'>L</entry><entry name='location'>x</entry></baseBoard><chassis><entry name='manufacturer'>Dell</entry></chassis><oemStrings><entry>Hello</entry><entry>a, b</entry></oemStrings></sysinfo>
<sysinfo type='fwcfg'><entry name='opt/com.example/name'>value</entry><entry name='opt/com.coreos/config' file='/srv/ign.json'/></sysinfo>
<os><type arch='x86_64' machine='pc'>hvm</type><kernel>/srv/vmlinuz</kernel><initrd>/srv/initrd</initrd><cmdline>console=ttyS0 root=/dev/vda</cmdline></os>
<os><type arch='x86_64' machine='pc'>hvm</type><kernel>/srv/vmlinuz</kernel><dtb>/srv/x.dtb</dtb></os>
<os><type arch='x86_64' machine='pc'>hvm</type><loader>/usr/share/seabios/bios.bin</loader></os>
<os><type arch='x86_64' machine='pc'>hvm</type><boot dev='cdrom'/><boot dev='hd'/><boot dev='network'/><bootmenu enable='yes' timeout='3000'/><bios useserial='yes' rebootTimeout='5000'/></os><devices><serial type='pty'/></devices>
<os><type arch='x86_64' machine='q35'>hvm</type><loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader><nvram template='/usr/share/OVMF/OVMF_VARS.fd'>/var/lib/libvirt/qemu/nvram/g_VARS.fd</nvram></os><features><acpi/></features>
<os><type arch='x86_64' machine='q35'>hvm</type><loader readonly='yes' secure='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.secboot.fd</loader><nvram/></os><features><acpi/><smm state='on'/></features>
<os><type arch='x86_64' machine='q35'>hvm</type><loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader><nvram type='network'><source protocol='iscsi' name='iqn.2013-07.com.example:iscsi-nopool/0'><host name='example.org' port='6000'/></source></nvram></os><features><acpi/></features>
<os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type></os><features><acpi/></features>
<os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type><loader secure='yes'/></os><features><acpi/><smm state='on'/></features>
<os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type><firmware><feature enabled='no' name='secure-boot'/></firmware></os><features><acpi/></features>
<os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type><loader stateless='yes'/></os><features><acpi/></features>
<os firmware='bios'><type arch='x86_64' machine='pc'>hvm</type></os>
<os><type arch='x86_64' machine='pc'>hvm</type><acpi><table type='slic'>/sys/firmware/acpi/tables/SLIC</table></acpi></os><features><acpi/></features>
<os><type arch='x86_64' machine='pc'>exe</type><init>/sbin/init</init><initarg>a</initarg><initdir>/x</initdir><inituser>u</inituser><initgroup>g</initgroup><initenv name='A'>b</initenv></os>
<os><type arch='x86_64' machine='pc'>hvm</type><init>/sbin/init</init></os>
<idmap><uid start='0' target='1000' count='10'/><gid start='0' target='1000' count='10'/></idmap>
<features><acpi/><apic/><pae/></features>
<features><apic eoi='on'/><hap state='off'/><viridian/><privnet/></features>
<features><hyperv><relaxed state='on'/><vapic state='on'/><spinlocks state='on' retries='8191'/><vpindex state='on'/><runtime state='on'/><synic state='on'/><stimer state='on'><direct state='on'/></stimer><reset state='on'/><vendor_id state='on' value='KVM Hv'/><frequencies state='on'/><reenlightenment state='on'/><tlbflush state='on'/><ipi state='on'/><evmcs state='on'/></hyperv></features>
<features><hyperv mode='passthrough'/></features>
<features><hyperv><synic state='on'/></hyperv></features>
<features><hyperv><stimer state='on'/></hyperv></features>
<features><kvm><hidden state='on'/><hint-dedicated state='on'/><poll-control state='on'/><pv-ipi state='off'/><dirty-ring state='on' size='4096'/></kvm></features>
<features><pvspinlock state='off'/><pmu state='off'/><vmport state='off'/><smm state='off'/><ioapic driver='kvm'/><vmcoreinfo state='on'/><msrs unknown='ignore'/></features>
<features><gic version='2'/></features>
<features><hpt resizing='required'><maxpagesize unit='MiB'>16</maxpagesize></hpt></features>
<features><capabilities policy='allow'><audit_control state='on'/></capabilities></features>
<features><xen><e820_host state='on'/><passthrough state='on' mode='share_pt'/></xen></features>
<features><tcg><tb-cache unit='MiB'>128</tb-cache></tcg></features>
<cpu mode='host-passthrough' migratable='off' check='none'/>
<cpu mode='host-model'/>
<cpu mode='host-model' match='exact' check='partial'><model fallback='forbid' vendor_id='GenuineIntel'/><feature policy='require' name='vmx'/></cpu>
<cpu mode='maximum'/>
<cpu match='exact'><model>core2duo</model><vendor>Intel</vendor><feature policy='disable' name='xtpr'/><feature policy='require' name='ds'/></cpu>
<cpu mode='custom' match='minimum' check='full'><model fallback='allow'>Haswell-noTSX</model><feature policy='force' name='vmx'/><feature policy='optional' name='sse4.2'/><feature policy='forbid' name='lahf_lm'/></cpu>
<vcpu>16</vcpu><cpu><topology sockets='2' dies='1' cores='4' threads='2'/></cpu>
<vcpu>8</vcpu><cpu mode='host-passthrough'><topology sockets='1' cores='4' threads='2'/><cache mode='passthrough'/><maxphysaddr mode='passthrough'/></cpu>
<cpu mode='custom'><model>qemu64</model><cache level='3' mode='emulate'/><maxphysaddr mode='emulate' bits='42'/></cpu>
<vcpu>4</vcpu><cpu><numa><cell id='0' cpus='0-1' memory='512' unit='MiB' memAccess='shared' discard='yes'><distances><sibling id='0' value='10'/><sibling id='1' value='21'/></distances></cell><cell id='1' cpus='2-3' memory='512' unit='MiB'/></numa></cpu>
<vcpu>2</vcpu><cpu><numa><cell id='0' cpus='0-1' memory='524288'><cache level='1' associativity='direct' policy='writeback'><size value='10' unit='KiB'/><line value='8' unit='B'/></cache></cell><cell id='1' memory='524288'/><interconnects><latency initiator='0' target='0' type='access' value='5'/><latency initiator='0' target='0' cache='1' type='access' value='10'/><bandwidth initiator='0' target='0' type='access' value='204800' unit='KiB'/></interconnects></numa></cpu>
<clock offset='localtime'/>
<clock offset='variable' adjustment='123456' basis='utc'/>
<clock offset='variable' basis='localtime'/>
<clock offset='timezone' timezone='Europe/Paris'/>
<clock offset='absolute' start='1000000000'/>
<clock offset='utc' adjustment='reset'/>
<clock offset='utc' adjustment='3600'/>
<clock offset='utc'><timer name='rtc' tickpolicy='catchup' track='guest'><catchup threshold='123' slew='120' limit='10000'/></timer><timer name='pit' tickpolicy='delay'/><timer name='hpet' present='no'/></clock>
<clock offset='utc'><timer name='tsc' frequency='3504000000' mode='native'/><timer name='kvmclock' present='yes'/><timer name='hypervclock' present='yes'/></clock>
<clock offset='utc'><timer name='hpet' present='yes'/><timer name='pit' tickpolicy='discard'/><timer name='rtc' tickpolicy='delay' track='wall'/></clock>
<clock offset='utc'><timer name='armvtimer' tickpolicy='discard'/></clock>
<on_poweroff>preserve</on_poweroff>
<on_poweroff>destroy</on_poweroff><on_reboot>destroy</on_reboot><on_crash>coredump-restart</on_crash><on_lockfailure>poweroff</on_lockfailure>
<on_crash>preserve</on_crash>
<pm><suspend-to-mem enabled='no'/><suspend-to-disk enabled='yes'/></pm>
<perf><event name='cmt' enabled='yes'/><event name='mbmt' enabled='no'/></perf>
<seclabel type='dynamic' model='dac' relabel='yes'/>
<seclabel type='none' model='dac'/>
<seclabel type='static' model='dac' relabel='no'><label>64055:109</label></seclabel>
<seclabel type='dynamic' model='apparmor'><baselabel>x</baselabel></seclabel>
<seclabel type='none'/>
<seclabel/>
<launchSecurity type='sev'><cbitpos>47</cbitpos><reducedPhysBits>1</reducedPhysBits><policy>0x0001</policy><dhCert>AQAA</dhCert><session>IHA</session></launchSecurity>
<launchSecurity type='s390-pv'/>
<keywrap><cipher name='aes' state='on'/><cipher name='dea' state='off'/></keywrap>
<maxMemory slots='16' unit='KiB'>1099511627776</maxMemory><cpu><numa><cell id='0' cpus='0' memory='524288' unit='KiB'/></numa></cpu>
<maxMemory unit='KiB'>1099511627776</maxMemory>
<memory dumpCore='off' unit='GiB'>2</memory><currentMemory unit='MiB'>512</currentMemory>
<bootloader>/usr/bin/pygrub</bootloader><bootloader_args>-x</bootloader_args>
<qemu:commandline xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0"><qemu:arg value='-unknown'/><qemu:arg value='parameter'/><qemu:env name='NS' value='ns'/><qemu:env name='BAR'/></qemu:commandline>
<qemu:capabilities xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0"><qemu:add capability='blockdev'/><qemu:del capability='name'/></qemu:capabilities>
<qemu:deprecation xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0" behavior='crash'/>
<qemu:override xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0"><qemu:device alias='video0'><qemu:frontend><qemu:property name='a' type='signed' value='-2'/><qemu:property name='b' type='bool' value='true'/><qemu:property name='c' type='remove'/></qemu:frontend></qemu:device></qemu:override>
"""
