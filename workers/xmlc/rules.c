/* rules.c: combinations that libvirt refuses, one a row.
 *
 * A row is about each element of a kind (a child of <devices>, "*" any of them, of <domain>, or the document itself). `when` is a list of conditions that
 * all hold, separated by "; ":   PATH   there is such an element        PATH@ATTR   ... attribute       PATH@ATTR=A|B   it has one of these values
 * PATH:TEXT   an element of <domain> has that text
 * "!" in front: it does not hold. "/PATH" begins at <domain>, others at the element.  Machines are conditions too: "pc", "q35", "kvm"; "live": that the guest runs; and
 * "new": that the whole document is a client's; where a device comes to a definition, what comes along with it is not judged.
 * %s in the text is the value of the first condition that has an attribute, a second one that of the second; %m the machine, %v the kind of domain, %a the
 * architecture, %n the element's name attribute, %q always the second value, %e the emulator, %d the target's name, %t the type (of a timer: its policy). */
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/doc.h"

struct rule { const char *on, *when; int code, domain; const char *text; };

#define U VIR_ERR_CONFIG_UNSUPPORTED
#define X VIR_ERR_XML_ERROR
#define I VIR_ERR_INTERNAL_ERROR
#define D VIR_FROM_DOMAIN
#define Q VIR_FROM_QEMU

static const struct rule rules[] = {
    /* addresses */
    {"*", "acpi@index; address@type; !address@type=pci", U, Q, "ACPI index is only supported for PCI devices"},
    /* disks */
    {"disk", "source/reservations@managed=no; !source/reservations/source@type", X, VIR_FROM_STORAGE, "missing connection type for <reservations/>"},
    {"disk", "source/reservations/source@path; !source/reservations/source@type", X, VIR_FROM_STORAGE, "missing connection type for <reservations/>"},
    {"disk", "source/reservations/source@mode; !source/reservations/source@type", X, VIR_FROM_STORAGE, "missing connection type for <reservations/>"},
    {"disk", "source/reservations/source@type; !source/reservations/source@path", X, VIR_FROM_STORAGE, "missing path for <reservations/>"},
    {"disk", "source/reservations/source@type; !source/reservations/source@mode", X, VIR_FROM_STORAGE, "missing connection mode for <reservations/>"},
    {"disk", "source/reservations/source@type; !source/reservations/source@type=unix", X, VIR_FROM_STORAGE, "unsupported connection type for <reservations/>: %s"},
    {"disk", "source/reservations/source@mode; !source/reservations/source@mode=client", X, VIR_FROM_STORAGE, "unsupported connection mode for <reservations/>: %s"},
    {"disk", "source/reservations; !@device=lun", U, D, "<reservations/> allowed only for lun devices"},
    {"disk", "@sgio=unfiltered", U, D, "unfiltered sgio is no longer supported"},
    {"disk", "@device=lun; driver@type; !driver@type=raw", U, D, "disk device 'lun' must use 'raw' format"},
    {"disk", "target@bus=ide; address@target; !address@target=0", U, Q, "target must be 0 for ide controller"},
    {"disk", "target@bus=sata; address@target; !address@target=0", U, Q, "target must be 0 for sata controller"},
    {"disk", "target@bus=sata; address@bus; !address@bus=0", U, Q, "bus must be 0 for sata controller"},
    {"disk", "target@bus=fdc; address@controller; !address@controller=0", I, Q, "Only 1 fdc controller is supported"},
    {"disk", "target@bus=fdc; address@bus; !address@bus=0", I, Q, "Only 1 fdc bus is supported"},
    {"disk", "target@bus=fdc; address@target; !address@target=0", U, Q, "target must be 0 for controller fdc"},
    {"disk", "target@removable; !target@bus=usb", X, D, "removable is only valid for usb disks"},
    {"disk", "target@rotation_rate; !target@bus=ide|sata|scsi", I, Q, "rotation rate is only valid for SCSI/IDE/SATA bus"},
    {"disk", "target@rotation_rate; !@device=disk|lun", I, Q, "rotation rate is only valid for disk device"},
    {"disk", "driver@rerror_policy=enospace", U, D, "Invalid disk read error policy: '%s'"},
    {"disk", "driver@type=cow", U, Q, "'%s' storage format is not supported"},
    {"disk", "driver@type=iso", U, Q, "storage format '%s' is not directly supported by QEMU, use 'raw' instead"},
    {"disk", "driver/metadata_cache; !driver@type=qcow2", U, Q, "metadata cache max size control is supported only with qcow2 images"},
    {"disk", "@type=nvme; !source@namespace", X, D, "missing 'namespace' attribute to disk source"},
    {"disk", "@type=nvme; source@type; !source@type=pci", X, D, "unsupported source type '%q'"},
    {"disk", "@type=vhostuser; !source@path", X, D, "missing 'path' attribute for vhostuser disk source"},
    {"disk", "@type=vhostuser; !target@bus=virtio", U, D, "vhostuser disk supports only virtio bus"},
    {"disk", "@type=vhostuser; @snapshot; !@snapshot=no", U, D, "only snapshot=no is supported with vhostuser disk"},
    {"disk", "@type=vhostuser; readonly", U, D, "readonly is not supported with vhostuser disk"},
    {"disk", "@type=vhostuser; shareable", U, D, "shareable is not supported with vhostuser disk"},
    {"disk", "@type=vhostuser; driver@cache", U, D, "cache is not supported with vhostuser disk"},
    {"disk", "source@tlsHostname; !source@protocol=nbd", U, Q, "'tlsHostname' field is supported only with NBD disks"},
    {"disk", "source@protocol=tftp", U, Q, "'%s' protocol is not supported with this QEMU binary"},
    {"disk", "source@protocol=nfs; source/host@port", U, Q, "port cannot be specified in 'nfs' protocol host"},
    {"disk", "@type=dir; !driver@type=fat", U, Q, "storage type 'dir' requires use of storage format 'fat'"},
    {"disk", "driver@type=fat; !@type=dir", U, Q, "storage format 'fat' is supported only with 'dir' storage type"},
    {"disk", "@type=dir; !readonly", U, Q, "virtual FAT storage can't be accessed in read-write mode"},
    {"disk", "@type=vhostuser; !/memoryBacking/access@mode=shared; !/cpu/numa/cell@memAccess=shared", U, Q, "'vhostuser' requires shared memory"},
    {"disk", "target@bus=scsi; address@bus; !address@bus=0", I, Q, "SCSI controller only supports 1 bus"},
    {"disk", "target@bus=ide; address@type=drive; !address@controller=0", I, Q, "Only 1 IDE controller is supported"},
    {"disk", "driver@iothread; !target@bus=virtio|scsi; target@bus", U, Q, "IOThreads not available for bus ide target %d"},
    {"disk", "driver@queues; !target@bus=virtio", U, D, "queues attribute in disk driver element is only supported by virtio-blk"},
    {"disk", "driver@queue_size; !target@bus=virtio", U, D, "queue_size attribute in disk driver is only supported by virtio-blk"},
    {"disk", "driver@ioeventfd; !target@bus=virtio", U, D, "disk driver ioeventfd mode supported only for virtio bus"},
    {"disk", "driver@event_idx; !target@bus=virtio", U, D, "disk driver event_idx mode supported only for virtio bus"},
    {"disk", "driver@iommu; !target@bus=virtio", U, D, "iommu driver option is only supported for virtio devices"},
    {"disk", "driver@ats; !target@bus=virtio", U, D, "ats driver option is only supported for virtio devices"},
    {"disk", "driver@packed; !target@bus=virtio", U, D, "packed driver option is only supported for virtio devices"},
    {"disk", "driver@copy_on_read=on; readonly", X, D, "copy_on_read is not compatible with read-only disk '%s'"},
    {"disk", "driver@copy_on_read=on; @device=lun|cdrom", U, Q, "copy_on_read is not compatible with device '%s'"},
    {"disk", "wwn; !target@bus=ide|scsi", U, Q, "Only ide and scsi disk support wwn"},
    {"disk", "vendor; !target@bus=scsi", U, Q, "Only scsi disk supports vendor and product"},
    {"disk", "product; !target@bus=scsi", U, Q, "Only scsi disk supports vendor and product"},
    {"disk", "target@bus; @device=lun; !target@bus=scsi|virtio", U, Q, "disk device='lun' is not supported for bus='%s'"},
    {"disk", "target@bus; geometry@trans; !target@bus=ide", U, Q, "CHS translation mode can only be set for 'ide' bus not '%s'"},
    {"disk", "geometry; !target@bus=ide|virtio|scsi", U, Q, "CHS geometry can not be set for '%s' bus"},
    {"disk", "@device=lun; wwn", U, Q, "Setting wwn is not supported for lun device"},
    {"disk", "@device=lun; vendor", U, Q, "Setting vendor or product is not supported for lun device"},
    {"disk", "@device=lun; product", U, Q, "Setting vendor or product is not supported for lun device"},
    {"disk", "@device=lun; serial; target@bus=scsi", U, Q, "scsi-block 'lun' devices do not support the serial property"},
    {"disk", "@device=cdrom; target@bus=virtio", U, Q, "disk type of '%d' does not support ejectable media"},
    {"disk", "@model; !target@bus=virtio", U, D, "disk model not supported for bus '%s'"},
    {"disk", "transient; !source", U, Q, "transient disk '%d' must not be empty"},
    {"disk", "transient; readonly", U, Q, "transient disk '%d' must not be read-only"},
    {"disk", "transient; !@type=file", U, Q, "transient disk supported only with 'file' type (%d)"},
    {"disk", "transient; !@device=disk", U, Q, "transient disk supported only with 'disk' device (%d)"},
    {"disk", "transient@shareBacking=yes; target@bus; !target@bus=usb|virtio|scsi", U, Q, "disk bus '%q' doesn't support transiend disk backing image sharing"},
    {"disk", "transient; @device=cdrom", U, D, "transient disk supported only with 'disk' device"},
    {"disk", "target@tray; !@device=cdrom|floppy", U, D, "tray is only valid for cdrom and floppy"},
    {"disk", "driver@name; !driver@name=qemu", U, Q, "unsupported driver name '%s' for disk '%d'"},
    {"disk", "driver@io=native; !driver@cache=none|directsync", U, Q, "io='native' needs either no disk cache or directsync cache mode"},
    {"disk", "source/encryption/ivgen; !source/encryption/cipher", X, VIR_FROM_STORAGE, "ivgen element found, but cipher is missing"},
    {"disk", "encryption/ivgen; !encryption/cipher", X, VIR_FROM_STORAGE, "ivgen element found, but cipher is missing"},
    {"disk", "source/encryption@format=qcow|default", U, Q, "old qcow/qcow2 encryption is not supported"},
    {"disk", "encryption@format=qcow|default", U, Q, "old qcow/qcow2 encryption is not supported"},
    {"disk", "@type=volume; source; !source@pool", X, D, "'pool' and 'volume' must be specified together for 'pool' type source"},
    {"disk", "@type=volume; source; !source@volume", X, D, "'pool' and 'volume' must be specified together for 'pool' type source"},
    {"disk", "@type=nvme; !source/address", X, D, "NVMe disk source is missing address"},
    {"disk", "iotune/total_bytes_sec; iotune/read_bytes_sec", X, D, "total and read/write bytes_sec cannot be set at the same time"},
    {"disk", "iotune/total_bytes_sec; iotune/write_bytes_sec", X, D, "total and read/write bytes_sec cannot be set at the same time"},
    {"disk", "iotune/total_iops_sec; iotune/read_iops_sec", X, D, "total and read/write iops_sec cannot be set at the same time"},
    {"disk", "iotune/total_iops_sec; iotune/write_iops_sec", X, D, "total and read/write iops_sec cannot be set at the same time"},
    {"disk", "iotune/total_bytes_sec_max; iotune/read_bytes_sec_max", X, D, "total and read/write bytes_sec_max cannot be set at the same time"},
    {"disk", "iotune/total_bytes_sec_max; iotune/write_bytes_sec_max", X, D, "total and read/write bytes_sec_max cannot be set at the same time"},
    {"disk", "iotune/total_iops_sec_max; iotune/read_iops_sec_max", X, D, "total and read/write iops_sec_max cannot be set at the same time"},
    {"disk", "iotune/total_iops_sec_max; iotune/write_iops_sec_max", X, D, "total and read/write iops_sec_max cannot be set at the same time"},
    {"disk", "readonly; target@bus=ide; @device=disk", U, Q, "readonly ide disks are not supported"},
    {"disk", "readonly; target@bus=sata; @device=disk", U, Q, "readonly sata disks are not supported"},
    /* controllers */
    {"controller", "@type=ide; !pc; new", U, Q, "IDE controllers are unsupported for this QEMU binary or machine type"},
    {"controller", "@type=ide; !@index=0; pc", U, Q, "Only a single IDE controller is supported for this machine type"},
    {"controller", "@model=piix3-uhci; @index=0; address@slot=0x01; address@function=0x2; address@bus=0x00; q35", I, Q,
        "Bus 0 must be PCI for integrated PIIX3 USB or IDE controllers"},
    {"controller", "@type=xenbus|isa", I, D, "Cannot automatically add a new PCI bus for a device with connect flags 00"},
    {"controller", "@model=buslogic", U, Q, "Unsupported controller model: %s"},
    {"controller", "@model=qusb1|qusb2", U, Q, "USB controller model type 'qusb1' or 'qusb2' is not supported in %v"},
    {"controller", "@model=ncr53c90", U, Q, "%s SCSI controller is not a built-in for this machine"},
    {"controller", "driver@queues; !@model=virtio-scsi|virtio-transitional|virtio-non-transitional", U, Q, "'queues' is only supported by virtio-scsi controller"},
    {"controller", "driver@cmd_per_lun; !@model=virtio-scsi|virtio-transitional|virtio-non-transitional", U, Q, "'cmd_per_lun' is only supported by virtio-scsi controller"},
    {"controller", "driver@max_sectors; !@model=virtio-scsi|virtio-transitional|virtio-non-transitional", U, Q, "'max_sectors' is only supported by virtio-scsi controller"},
    {"controller", "driver@ioeventfd; !@model=virtio-scsi|virtio-transitional|virtio-non-transitional", U, Q, "'ioeventfd' is only supported by virtio-scsi controller"},
    {"controller", "driver@iothread; !@type=scsi", X, D, "'iothread' attribute only supported for virtio scsi controllers"},
    {"controller", "driver@iothread; !@model=virtio-scsi|virtio-transitional|virtio-non-transitional", U, Q, "'iothread' is only supported for virtio-scsi-pci and virtio-scsi-ccw controllers"},
    /* network */
    {"interface", "route; !route@gateway", X, VIR_FROM_NETWORK, "guest interface: Missing required gateway attribute in route definition"},
    {"interface", "ip; !@type=user", U, Q, "Invalid attempt to set network interface guest-side IP route and/or address info, not supported by QEMU"},
    {"interface", "route; @type=user", U, Q, "Invalid attempt to set network interface guest-side IP route, not supported by QEMU"},
    {"interface", "route", U, Q, "Invalid attempt to set network interface guest-side IP route and/or address info, not supported by QEMU"},
    {"interface", "backend@type=passt; !@type=user", I, D, "The 'passt' backend can only be used with interface type='user'"},
    {"interface", "@type=hostdev; !source/address@type", X, D, "missing source address type"},
    {"interface", "@type=vhostuser; source@mode=server; source/reconnect", U, D, "'reconnect' attribute unsupported 'server' mode for <interface type='vhostuser'>"},
    {"interface", "@type=client|mcast|udp; source; !source@address", X, VIR_FROM_XML, "Missing required attribute 'address' in element 'source'"},
    {"interface", "@type=server|client|mcast|udp; source; !source@port", X, VIR_FROM_XML, "Missing required attribute 'port' in element 'source'"},
    {"interface", "@type=udp; !source/local", X, D, "'<local>' element missing for 'udp' socket interface"},
    {"interface", "coalesce; !@type=network|bridge; @type", U, Q, "coalesce settings on interface type %t are not supported"},
    {"interface", "bandwidth/outbound@floor", U, VIR_FROM_NONE, "'floor' attribute allowed only in <inbound> element"},
    {"interface", "bandwidth/inbound; !bandwidth/inbound@average; !bandwidth/inbound@floor", VIR_ERR_XML_DETAIL, VIR_FROM_NONE, "Missing mandatory average or floor attributes"},
    {"interface", "bandwidth/outbound; !bandwidth/outbound@average", VIR_ERR_XML_DETAIL, VIR_FROM_NONE, "Missing mandatory average or floor attributes"},
    {"interface", "model@type; teaming@type=persistent; !model@type=virtio|virtio-transitional|virtio-non-transitional", U, Q,
        "virtio-net teaming persistent interface must be <model type='virtio'/>, not '%s'"},
    {"interface", "source/ip; !@type=ethernet", U, D, "Invalid attempt to set network interface host-side IP route and/or address info on interface of type '%t'. "
        "This is only supported on interfaces of type 'ethernet'"},
    {"interface", "teaming@type=persistent; teaming@persistent", U, D, "teaming persistent attribute not allowed if teaming type is '%s'"},
    {"hostdev", "teaming; !teaming@type=transient", U, D, "teaming hostdev devices must have type='transient'"},
    {"interface", "teaming@type=transient; !teaming@persistent", U, D, "teaming persistent attribute must be set if teaming type is 'transient'"},
    {"interface", "teaming@type=transient; !@type=hostdev", U, Q, "virtio-net teaming transient interface must be type='hostdev', not '%t'"},
    {"interface", "virtualport; !@type=network|bridge|direct|hostdev; @type", U, D, "<virtualport> element unsupported for <interface type='%t'>"},
    {"interface", "virtualport; !virtualport@type; @type=bridge|direct|hostdev", X, VIR_FROM_NONE, "missing required virtualport type"},
    {"interface", "virtualport@type=midonet; !virtualport/parameters@interfaceid", X, 11, "missing interfaceid in <virtualport type='%s'>"},
    {"interface", "virtualport@type=802.1Qbg; !virtualport/parameters@managerid", X, 11, "missing managerid in <virtualport type='%s'>"},
    {"interface", "virtualport@type=802.1Qbg; !virtualport/parameters@typeid", X, 11, "missing typeid in <virtualport type='%s'>"},
    {"interface", "virtualport@type=802.1Qbg; !virtualport/parameters@typeidversion", X, 11, "missing typeidversion in <virtualport type='%s'>"},
    {"interface", "virtualport@type=802.1Qbh; !virtualport/parameters@profileid", X, 11, "missing profileid in <virtualport type='%s'>"},
    {"interface", "virtualport/parameters@managerid; virtualport@type; !virtualport@type=802.1Qbg", X, 11, "extra managerid unsupported in <virtualport type='%q'>"},
    {"interface", "virtualport/parameters@typeid; virtualport@type; !virtualport@type=802.1Qbg", X, 11, "extra typeid unsupported in <virtualport type='%q'>"},
    {"interface", "virtualport/parameters@typeidversion; virtualport@type; !virtualport@type=802.1Qbg", X, 11, "extra typeidversion unsupported in <virtualport type='%q'>"},
    {"interface", "virtualport/parameters@instanceid; virtualport@type; !virtualport@type=802.1Qbg", X, 11, "extra instanceid unsupported in <virtualport type='%q'>"},
    {"interface", "virtualport/parameters@profileid; virtualport@type; !virtualport@type=802.1Qbh|openvswitch", X, 11, "extra profileid unsupported in <virtualport type='%q'>"},
    {"interface", "virtualport/parameters@interfaceid; virtualport@type; !virtualport@type=openvswitch|midonet", X, 11, "extra interfaceid unsupported in <virtualport type='%q'>"},
    {"*", "rom@enabled=no; rom@bar", U, D, "ROM tuning is not supported when ROM is disabled"},
    {"*", "rom@enabled=no; rom@file", U, D, "ROM tuning is not supported when ROM is disabled"},
    {"interface", "!live; model@type=usb-net", I, D, "Cannot automatically add a new PCI bus for a device with connect flags 00"},
    {"interface", "@type=server|client|mcast|udp; !source", X, D, "interface type='%s' requires a 'source' element"},
    {"interface", "mtu@size; !@type=network|bridge|ethernet|vhostuser; !backend@type=passt; @type", U, Q, "setting MTU on interface type %t is not supported yet"},
    {"interface", "@type=vhostuser; !model@type=virtio|virtio-transitional|virtio-non-transitional", I, D,
        "Wrong or no <model> 'type' attribute specified with <interface type='vhostuser'/>. vhostuser requires the virtio-net* frontend"},
    {"interface", "@type=vhostuser; source@type; !source@type=unix", U, D, "Type='%s' unsupported for <interface type='vhostuser'>"},
    {"*", "address@type=ccw", U, Q, "cannot use CCW address type for device '<null>' using machine type '%m'"},
    {"interface", "address@type=unassigned", U, D, "address of type 'unassigned' is supported only for hostdevs"},
    /* video, graphics, sound */
    {"video", "model/acceleration; !model/acceleration@accel2d; !model/acceleration@accel3d; !model/acceleration@rendernode", U, D, "missing values for acceleration"},
    {"video", "model/acceleration@accel2d=yes", U, Q, "qemu does not support the accel2d setting"},
    {"video", "model/resolution@x=0", U, D, "video resolution values must be greater than 0"},
    {"video", "model/resolution@y=0", U, D, "video resolution values must be greater than 0"},
    {"video", "driver@iommu; !model@type=virtio", U, D, "iommu driver option is only supported for virtio devices"},
    {"video", "driver@ats; !model@type=virtio", U, D, "ats driver option is only supported for virtio devices"},
    {"video", "driver@packed; !model@type=virtio", U, D, "packed driver option is only supported for virtio devices"},
    {"video", "driver@page_per_vq; !model@type=virtio", U, D, "page_per_vq option is only supported for virtio devices"},
    {"video", "model/resolution; !model@type=vga|qxl|virtio|bochs", X, Q, "model resolution is not supported"},
    {"video", "model@type=vga|cirrus|vmvga|bochs|ramfb; !model@primary=yes", U, Q, "video type '%s' is only valid as primary video device"},
    {"video", "model@type=xen|vbox|gop|parallels", U, Q, "domain configuration does not support video model '%s'"},
    {"video", "model@type=vga|cirrus|vmvga|bochs|ramfb; model@heads; !model@heads=1", U, Q, "video type '%s' doesn't support multiple 'heads'"},
    {"video", "model/acceleration@accel3d=yes; !model@type=virtio", U, Q, "3d acceleration is supported only with 'virtio' video device"},
    {"video", "driver@name=vhostuser; !model@type=virtio", U, D, "'vhostuser' driver is only supported with 'virtio' device"},
    {"graphics", "@type=vnc; @connected=fail|disconnect", U, D, "VNC supports connected='keep' only"},
    {"graphics", "@type=dbus; @p2p=yes; @address", X, D, "D-Bus p2p with an address is not supported"},
    {"audio", "@type=spice; !/devices/graphics@type=spice", U, Q, "Spice audio is not supported without spice graphics"},
    {"hostdev", "@display=on; !/devices/graphics", U, Q, "graphics device is needed for attribute value 'display=on' in <hostdev>"},
    {"serial", "@type=spiceport; !/devices/graphics@type=spice", U, Q, "chardev 'spiceport' not supported without spice graphics"},
    {"channel", "@type=spiceport; !/devices/graphics@type=spice", U, Q, "chardev 'spiceport' not supported without spice graphics"},
    {"sound", "@model=ich7", I, D, "Cannot automatically add a new PCI bus for a device with connect flags 00"},
    {"audio", "input/settings; !input@fixedSettings=yes", U, D, "audio settings specified without fixed settings flag"},
    {"audio", "output/settings; !output@fixedSettings=yes", U, D, "audio settings specified without fixed settings flag"},
    {"hostdev", "@sgio; !@type=scsi", X, D, "sgio is only supported for scsi host device"},
    {"hostdev", "@rawio; !@type=scsi", X, D, "rawio is only supported for scsi host device"},
    {"hostdev", "@sgio=unfiltered", U, D, "unfiltered sgio is no longer supported"},
    {"hostdev", "@model; !@type=mdev|scsi_host", X, D, "'model' attribute in <hostdev> is only supported when type='%t'"},
    {"hostdev", "@type=scsi_host; boot", U, Q, "booting from assigned devices is not supported by vhost SCSI devices"},
    {"hostdev", "@type=mdev; !source/address", U, D, "Missing <address> element"},
    {"hostdev", "@type=mdev; !source/address@uuid", U, D, "Missing 'uuid' attribute for element <address>"},
    {"hostdev", "@model=vfio-pci; boot", U, Q, "booting from assigned devices is not supported by mediated devices of model %s"},
    {"hostdev", "@type=usb; source/address; !source/address@device", X, VIR_FROM_XML, "Missing required attribute 'device' in element 'address'"},
    {"hostdev", "@type=usb; source/address; !source/address@bus", X, VIR_FROM_XML, "Missing required attribute 'bus' in element 'address'"},
    {"hostdev", "@type=scsi; source@protocol; !source@protocol=iscsi", U, D, "Unknown SCSI subsystem protocol '%q'"},
    {"hostdev", "@type=scsi; source@protocol=iscsi; !source@name", X, D, "missing iSCSI hostdev source path name"},
    {"hostdev", "@type=scsi; source@protocol=iscsi; !source/host", X, D, "missing the host address for the iSCSI hostdev"},
    {"hostdev", "@type=scsi; !source@protocol; !source/address@bus", X, D, "'address' must be specified for scsi hostdev source"},
    {"hostdev", "@type=scsi; !source@protocol; !source/adapter@name", X, D, "'adapter' name must be specified for scsi hostdev source"},
    {"hostdev", "@type=scsi_host; source@protocol; !source@protocol=vhost", U, D, "Unknown scsi_host subsystem protocol '%q'"},
    {"hostdev", "@model=vfio-ccw", U, Q, "VFIO CCW device assignment is not supported by this version of QEMU"},
    {"hostdev", "@model=vfio-ap", U, Q, "VFIO AP device assignment is not supported by this version of QEMU"},
    /* others */
    {"memory", "@model=sgx-epc", U, Q, "sgx epc isn't supported by this QEMU binary"},
    {"memory", "@model=virtio-pmem|nvdimm; !source/path", VIR_ERR_XML_DETAIL, D, "path is required for model '%s'"},
    {"memory", "@model=virtio-pmem; target/node", U, D, "virtio-pmem does not support NUMA nodes"},
    {"memory", "@model=nvdimm; uuid", U, D, "UUID is not supported for NVDIMM device"},
    {"tpm", "@model=tpm-spapr", U, Q, "The QEMU executable %e does not support TPM model %s"},
    {"filesystem", "boot; !driver@type=virtiofs", U, D, "boot order is only supported for virtiofs"},
    {"filesystem", "@fmode; !@accessmode=mapped", U, Q, "fmode and dmode must be used with accessmode=mapped"},
    {"filesystem", "@dmode; !@accessmode=mapped", U, Q, "fmode and dmode must be used with accessmode=mapped"},
    {"filesystem", "driver@type=virtiofs; @multidevs", U, Q, "virtiofs does not support multidevs"},
    {"domain", "idmap/uid; !idmap/uid@start=0", U, D, "You must map the root user of container"},
    {"domain", "features/smm/tseg; !q35", U, Q, "SMM TSEG is only supported with q35 machine type"},
    {"timer", "catchup; !@tickpolicy=catchup", X, D, "setting of timer catchup policies is only supported with tickpolicy='catchup'"},
    {"smartcard", "address@type; !address@type=ccid|none", U, D, "Controllers must use the 'ccid' address type"},
    {"smartcard", "address@controller; !address@controller=0", U, Q, "this QEMU binary lacks multiple smartcard support"},
    {"smartcard", "address@slot; !address@slot=0", U, Q, "this QEMU binary lacks multiple smartcard support"},
    {"panic", "@model=hyperv; address@type; !address@type=none", U, Q, "setting the panic device address is not supported for model '%s'"},
    {"iommu", "@model=intel|smmuv3; address", X, D, "iommu model '%s' can't have address"},
    {"iommu", "@model=smmuv3|virtio; driver", X, D, "iommu model '%s' doesn't support additional attributes"},
    {"audio", "input@fixedSettings=yes; !input@mixingEngine=yes", U, D, "fixed audio settings requires mixing engine"},
    {"audio", "output@fixedSettings=yes; !output@mixingEngine=yes", U, D, "fixed audio settings requires mixing engine"},
    {"lease", "!key", X, D, "Missing 'key' element for lease"},
    {"lease", "!lockspace", I, VIR_FROM_NONE, ""},
    {"input", "@model; !@bus=virtio", U, D, "only bus 'virtio' is supported for input model '%s'"},
    {"input", "@type=evdev; source; !source@dev", X, D, "Missing evdev path for input device"},
    {"input", "@type=passthrough; source; !source@evdev", X, D, "Missing evdev path for input device"},
    {"domain", "memoryBacking/source@type=anonymous; memoryBacking/hugepages", U, Q, "hugepages are not allowed with anonymous memory source"},
    {"timer", "@name=armvtimer", U, Q, "Configuring the '%s' timer is not supported for virtType=%v arch=%a machine=%m guests"},
    {"timer", "@frequency; !@name=tsc; @name", U, D, "timer %n doesn't support setting of timer frequency"},
    {"timer", "@mode; !@name=tsc; @name", U, D, "timer %n doesn't support setting of timer mode"},
    {"vsock", "cid@address=0|1|2; !cid@auto=yes", U, D, "guest CIDs must be >= 3"},
    {"lease", "!target", X, D, "Missing 'target' element for lease"},
    {"filesystem", "driver@type=loop|nbd|ploop", I, D, "Cannot automatically add a new PCI bus for a device with connect flags 00"},
    {"filesystem", "driver@type=handle; !@accessmode=passthrough", U, Q, "only supports passthrough accessmode"},
    {"filesystem", "driver@type=virtiofs; @accessmode; !@accessmode=passthrough", U, Q, "virtiofs only supports passthrough accessmode"},
    {"filesystem", "!@type=mount", U, Q, "only supports mount filesystem type"},
    {"filesystem", "driver@type=virtiofs; !/memoryBacking/access@mode=shared; !/cpu/numa/cell@memAccess=shared", U, Q, "'virtiofs' requires shared memory"},
    {"iommu", "@model=virtio; !q35", U, Q, "IOMMU device: 'virtio' is only supported with Q35 and ARM Virt machines"},
    {"iommu", "@model=virtio; !/features/acpi", U, Q, "IOMMU device: 'virtio' requires ACPI"},
    {"iommu", "@model=smmuv3", U, Q, "IOMMU device: 'smmuv3' is only supported with ARM Virt machines"},
    {"nvram", "", U, Q, "nvram device is only supported for PPC64"},
    {"memballoon", "@model=xen", I, D, "Cannot automatically add a new PCI bus for a device with connect flags 00"},
    {"panic", "@model=pseries", U, Q, "only pSeries guests support panic device of model '%s'"},
    {"panic", "@model=s390", U, Q, "only S390 guests support panic device of model '%s'"},
    {"panic", "@model=isa; address@type; !address@type=isa|none", U, Q, "panic is supported only with ISA address type"},
    {"smartcard", "@mode=passthrough; !@type", X, D, "passthrough mode requires a character device type attribute"},
    {"console", "target@type=xen|uml|lxc|openvz", U, Q, "unsupported console target type %s"},
    {"console", "target@type=sclp|sclplm", U, Q, "sclpconsole is not supported in this QEMU binary"},
    {"input", "@bus=xen", I, D, "unsupported input bus %s"},
    {"input", "@bus=virtio; !@type=passthrough; @model=virtio-transitional|virtio-non-transitional", U, Q, "virtio (non-)transitional models are not supported for input type=%t"},
    {"graphics", "@type=egl-headless; /devices/graphics@type=sdl|dbus; !/devices/graphics@type=vnc|spice", U, Q,
        "graphics type 'egl-headless' is only supported with one of: 'vnc', 'spice' graphics types"},
    {"redirdev", "@type=spicevmc; !/devices/graphics@type=spice", U, Q, "chardev 'spicevmc' not supported without spice graphics"},
    {"channel", "@type=spicevmc; !/devices/graphics@type=spice", U, Q, "chardev 'spicevmc' not supported without spice graphics"},
    {"smartcard", "@type=spicevmc; !/devices/graphics@type=spice", U, Q, "chardev 'spicevmc' not supported without spice graphics"},
    {"iommu", "driver@intremap=on; !/features/ioapic@driver=qemu", U, D, "IOMMU interrupt remapping requires split I/O APIC (ioapic driver='qemu')"},
    {"iommu", "@model=intel; !q35", U, Q, "IOMMU device: 'intel' is only supported with Q35 machines"},
    {"iommu", "driver@eim=on; !driver@intremap=on", U, D, "IOMMU eim requires interrupt remapping to be enabled"},
    {"watchdog", "@model=diag288; address", U, Q, "%s model of watchdog is virtual and cannot go on any bus."},
    {"watchdog", "@model=diag288", U, Q, "%s model of watchdog is allowed for s390 and s390x only"},
    {"watchdog", "@model=ib700; address@type; !address@type=none", U, Q, "%s model of watchdog does not support configuring the address"},
    {"filesystem", "driver@type=virtiofs; readonly", U, Q, "virtiofs does not yet support read-only mode"},
    /* the domain */
    {"domain", "on_reboot:destroy; on_poweroff:restart", U, Q, "qemu driver doesn't support 'onReboot' set to 'destroy and 'onPoweroff' set to 'reboot'"},
    {"domain", "on_reboot:rename-restart", U, Q, "qemu driver doesn't support the 'rename-restart' action for 'on_reboot'/'on_poweroff'/'on_crash'"},
    {"domain", "on_poweroff:rename-restart", U, Q, "qemu driver doesn't support the 'rename-restart' action for 'on_reboot'/'on_poweroff'/'on_crash'"},
    {"domain", "on_crash:rename-restart", U, Q, "qemu driver doesn't support the 'rename-restart' action for 'on_reboot'/'on_poweroff'/'on_crash'"},
    {"domain", "on_reboot:preserve", U, Q, "qemu driver doesn't support the 'preserve' action for 'on_reboot'/'on_poweroff'"},
    {"domain", "on_poweroff:preserve", U, Q, "qemu driver doesn't support the 'preserve' action for 'on_reboot'/'on_poweroff'"},
    {"timer", "@name=rtc; @tickpolicy=merge|discard", U, Q, "unsupported rtc timer tickpolicy '%t'"},
    {"timer", "@name=rtc; @track=boot|guest|realtime; !@track=guest", U, Q, "unsupported rtc timer track '%q'"},
    {"timer", "@name=pit; @tickpolicy=merge|catchup; !@tickpolicy=catchup", U, Q, "unsupported pit tickpolicy '%t'"},
    {"timer", "@name=platform", U, Q, "unsupported timer type (name) 'platform'"},
    {"domain", "maxMemory; !cpu/numa/cell", U, Q, "At least one numa node has to be configured when enabling memory hotplug"},
    {"domain", "features/tcg; kvm", U, Q, "TCG features are incompatible with domain type 'kvm'"},
    {"domain", "idmap; !idmap/gid", U, D, "uid and gid should be mapped both"},
    {"domain", "idmap; !idmap/uid", U, D, "uid and gid should be mapped both"},
    {"domain", "memtune/min_guarantee", U, Q, "Parameter 'min_guarantee' not supported by QEMU."},
    {"domain", "features/ibs", U, Q, "The 'ibs' feature is not supported for architecture '%a' or machine type '%m'"},
    {"domain", "features/cfpc", U, Q, "The 'cfpc' feature is not supported for architecture '%a' or machine type '%m'"},
    {"domain", "features/sbbc", U, Q, "The 'sbbc' feature is not supported for architecture '%a' or machine type '%m'"},
    {"domain", "features/htm", U, Q, "The 'htm' feature is not supported for architecture '%a' or machine type '%m'"},
    {"domain", "features/nested-hv", U, Q, "The 'nested-hv' feature is not supported for architecture '%a' or machine type '%m'"},
    {"domain", "features/ccf-assist", U, Q, "The 'ccf-assist' feature is not supported for architecture '%a' or machine type '%m'"},
    {"domain", "features/hpt", U, Q, "The 'hpt' feature is not supported for architecture '%a' or machine type '%m'"},
    {"domain", "features/gic", U, Q, "The 'gic' feature is not supported for architecture '%a' or machine type '%m'"},
    {"domain", "launchSecurity@type=sev", U, Q, "SEV launch security is not supported with this QEMU binary"},
    {"domain", "launchSecurity@type=s390-pv", U, Q, "S390 PV launch security is not supported with this QEMU binary"},
};

/* One condition. Value of its attribute into *value, when it has one. */
static bool holds(const struct doc *d, const struct tree *t, const char *c, size_t n, const char **value)
{
    char path[128], attr[64], values[128];
    bool negate = *c == '!', found = false;
    const char *at, *eq;
    if (negate) {
        c++;
        n--;
    }
    if (n == 2 && memcmp(c, "pc", 2) == 0)
        return d->pc != negate;
    if (n == 3 && memcmp(c, "q35", 3) == 0)
        return d->q35 != negate;
    if (n == 3 && memcmp(c, "kvm", 3) == 0)
        return d->kvm != negate;
    if (n == 4 && memcmp(c, "live", 4) == 0)
        return !!(d->env->flags & DOC_PLUG) != negate;
    if (n == 3 && memcmp(c, "new", 3) == 0)
        return !(d->env->flags & (DOC_CHANGE | DOC_STORED)) != negate;
    const char *colon = memchr(c, ':', n);
    if (colon) {
        snprintf(path, sizeof path, "%.*s", (int)(colon - c), c);
        const char *text = tree_text(d->t, path);
        return (text && strlen(text) == n - (size_t)(colon + 1 - c) && memcmp(text, colon + 1, strlen(text)) == 0) != negate;
    }
    at = memchr(c, '@', n);
    eq = memchr(c, '=', n);
    snprintf(path, sizeof path, "%.*s", (int)(at ? at - c : (ptrdiff_t)n), c);
    snprintf(attr, sizeof attr, "%.*s", at ? (int)((eq ? eq : c + n) - at - 1) : 0, at ? at + 1 : "");
    snprintf(values, sizeof values, "%.*s", eq ? (int)(c + n - eq - 1) : 0, eq ? eq + 1 : "");
    for (char *p = values; *p; p++)
        if (*p == '|')
            *p = ' ';
    const struct tree *x = *path == '/' ? tree_get(d->t, path + 1) : tree_get(t, path);
    const char *last = x ? x->name : NULL;
    for (; x && !found; x = last && *path ? tree_next(x, last) : NULL) {      /* any of several of the same name */
        const char *v = at ? tree_attr(x, attr) : "";
        found = v && (!eq || doc_in(v, values));
        if (v && at && !*value)
            *value = v;
    }
    return found != negate;
}

static int apply(struct doc *d, const struct rule *r, const struct tree *t)
{
    const char *value[2] = {NULL, NULL};
    char text[512];
    size_t n, len = 0;
    for (const char *c = r->when; *c; c += n + (c[n] ? 2 : 0)) {
        const char *v = NULL;
        n = strcspn(c, ";");
        if (!holds(d, t, c, n, &v))
            return 0;
        if (v)
            value[value[0] ? 1 : 0] = v;
    }
    unsigned used = 0;
    for (const char *p = r->text; *p && len < sizeof text - 1; p++) {
        const char *s = p[0] == '%' && p[1] == 'q' ? value[1] : p[0] == '%' && p[1] == 'e' ? tree_text(d->t, "devices/emulator") : p[0] == '%' && p[1] == 's' ? value[used ? 1 : 0] : p[0] == '%' && p[1] == 'm' ? d->machine :
            p[0] == '%' && p[1] == 'v' ? tree_attr(d->t, "type") : p[0] == '%' && p[1] == 'a' ? d->arch : p[0] == '%' && p[1] == 'n' ? tree_attr(t, "name") : p[0] == '%' && p[1] == 'd' ? tree_path_attr(t, "target", "dev") : p[0] == '%' && p[1] == 't' ? tree_attr(t, strcmp(r->on, "timer") == 0 ? "tickpolicy" : "type") : NULL;
        if (p[0] == '%' && strchr("smtdvanqe", p[1]) && p[1]) {
            used += p[1] == 's';
            len += (size_t)snprintf(text + len, sizeof text - len, "%.200s", s ? s : "");
            p++;
        } else {
            text[len++] = *p;
        }
        len = len < sizeof text ? len : sizeof text - 1;
    }
    text[len] = 0;
    return err_set(d->e, r->code, r->domain, "%s", text);
}

int check_rules(struct doc *d)
{
    for (unsigned i = 0; i < ARRAY_N(rules); i++) {
        if (strcmp(rules[i].on, "domain") == 0) {
            if (apply(d, &rules[i], d->t))
                return -1;
            continue;
        }
        const struct tree *in = strcmp(rules[i].on, "timer") == 0 ? tree_first(d->t, "clock") : d->devices;
        TREE_EACH(t, in, *rules[i].on == '*' ? NULL : rules[i].on)
            if (t->name && apply(d, &rules[i], t))
                return -1;
    }
    return 0;
}
