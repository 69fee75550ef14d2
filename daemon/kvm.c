/* kvm.c: what KVM says of itself, which clients ask about: asked once, here, for no role may open it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include "daemon/daemon.h"
#include "ipc/util.h"

enum { IA32_ARCH_CAPABILITIES = 0x10a };

/* Of the time stamp counter only a processor of a virtual machine tells: one is made, and let go. */
static void tsc(struct settings *s, int kvm)
{
    AUTO_CLOSE vm = ioctl(kvm, KVM_CREATE_VM, 0);
    AUTO_CLOSE vcpu = vm < 0 ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0);
    int khz = vcpu < 0 ? -1 : ioctl(vcpu, KVM_GET_TSC_KHZ, 0);
    s->kvm_tsc_khz = khz > 0 ? (uint32_t)khz : 0;
    s->kvm_tsc_scales = khz > 0 && ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_TSC_CONTROL) == 1;
}

/* A register of the processors', as the kernel shows it, or KVM (-1: there is none) to those who have virtual machines; 0: nobody does. */
static uint64_t msr(int kvm, uint32_t number)
{
    uint64_t value, room[(sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)) / 8] = { 0 };
    struct kvm_msrs *asked = (struct kvm_msrs *)room;
    AUTO_CLOSE fd = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && pread(fd, &value, sizeof value, number) == sizeof value)
        return value;
    asked->nmsrs = 1;
    asked->entries[0].index = number;
    return kvm >= 0 && ioctl(kvm, KVM_GET_MSRS, asked) == 1 ? asked->entries[0].data : 0;
}

void kvm_ask(struct settings *s)
{
    AUTO_CLOSE kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    int n = kvm < 0 ? -1 : ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
    s->kvm_error = kvm < 0 ? (uint32_t)errno : 0;
    s->arch_capabilities = msr(kvm, IA32_ARCH_CAPABILITIES);
    if (kvm < 0)
        return;
    if (n <= 0)
        n = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_NR_VCPUS);
    s->kvm_vcpus = n > 0 ? (uint32_t)n : 0;
    tsc(s, kvm);
}
