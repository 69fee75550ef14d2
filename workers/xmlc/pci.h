/* pci.h: the PCI topology of a guest, as libvirt lays it out. */
#ifndef BULKHEAD_XMLC_PCI_H
#define BULKHEAD_XMLC_PCI_H
#include "workers/xmlc/doc.h"

/* What a device needs of the bus it is put on, and what a bus takes. */
enum pci_connect {
    PCI_DEVICE = 1, PCIE_DEVICE = 2, PCI_BRIDGE = 4, PCIE_ROOT_PORT = 8, PCIE_UPSTREAM = 16, PCIE_DOWNSTREAM = 32, PCI_DMI_BRIDGE = 64,
    PCI_TO_BRIDGE = 128 /* pcie-to-pci-bridge */, PCI_EXPANDER = 256, PCIE_EXPANDER = 512,
    PCI_TYPES = 1023,
    PCI_HOTPLUG = 1024, PCI_AUTO = 2048, PCI_AGGREGATE = 4096 /* shares a slot with others of its kind, a function each */,
};
struct pci_addr { unsigned domain, bus, slot, function; };
struct pci_bus { const char *model; unsigned flags, min, max; uint8_t used[32]; bool aggregate[32]; };
#define PCI_BUSES_MAX 256
struct pci_set { struct pci_bus bus[PCI_BUSES_MAX]; unsigned n; bool dry; struct doc *d; };

/* pci-device.c: what connects where. */
unsigned pci_device_flags(const struct doc *d, const struct tree *t);    /* 0: not a PCI device */
unsigned pci_controller_flags(const char *model);                        /* of a PCI controller as a device */
void pci_bus_model(struct pci_bus *b, const char *model);
bool pci_given(const struct tree *t, struct pci_addr *a);                 /* the device has an address already */
bool pci_wanted(const struct tree *t);                                    /* ... or could have one */
void pci_write(struct tree *t, const struct pci_addr *a);
int pci_chipset(struct pci_set *s);                                       /* fixed places of the machine's own devices */

/* pci.c: the set. 0 or -1 with the error set. */
int pci_reserve(struct pci_set *s, const struct pci_addr *a, unsigned flags, bool from_config);
int pci_place(struct pci_set *s, struct tree *t, unsigned flags);         /* next free, written into t */
bool pci_slot_used(const struct pci_set *s, unsigned bus, unsigned slot);
#endif
