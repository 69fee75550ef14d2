/* tree-vcpus.h: which of a guest's processors are there: <vcpu current=> and <vcpus> of its document. */
#ifndef BULKHEAD_TREE_VCPUS_H
#define BULKHEAD_TREE_VCPUS_H
#include <stdbool.h>
#include <stdint.h>
#include "ipc/err.h"
#include "workers/tree.h"

#define TREE_VCPUS_MAX 16384u
struct vcpu_state { bool online, is_pluggable; uint32_t order; };       /* order 0: none */
struct vcpu_set { uint32_t max; bool individual /* <vcpus> tells each */; struct vcpu_state *v; };

/* 0, or -1: the document has none that make sense, or no memory. vcpus_free() is due in either case. */
int vcpus_load(const struct tree *dom, struct vcpu_set *s);
void vcpus_free(struct vcpu_set *s);
#define AUTO_VCPUS __attribute__((cleanup(vcpus_free))) struct vcpu_set
uint32_t vcpus_online(const struct vcpu_set *s);
int vcpus_resize(struct vcpu_set *s, uint32_t max);                     /* new ones are off; 0 or -1 */
void vcpus_store(struct tree *dom, const struct vcpu_set *s);
#endif
