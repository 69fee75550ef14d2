/* firmware.c: which of the host's firmware images a guest gets.
 *
 * A document says <os firmware='efi'> and perhaps what it must be able to do; the host's descriptors (ipc/firmware.h) say what each image is for.  The first one that does is
 * taken, in the order of their files' names, as libvirt does.  What runs then is a document that names its image: nothing of the choice is left in it. */
#include <stdio.h>
#include <string.h>
#include "ipc/firmware.h"
#include "ipc/util.h"
#include "workers/firmware.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/run.h"

static bool has(const struct firmware *f, enum firmware_feature feature) { return f->features >> feature & 1; }

/* What the document asks of it, in <firmware>, by the names that descriptors have, too. */
static bool has_wanted(const struct firmware *f, const struct tree *os)
{
    static const struct { const char *name; enum firmware_feature feature; } names[] = { { "enrolled-keys", FIRMWARE_ENROLLED_KEYS }, { "secure-boot", FIRMWARE_SECURE_BOOT } };
    TREE_EACH(want, tree_first(os, "firmware"), "feature")
        for (size_t i = 0; i < ARRAY_N(names); i++)
            if (doc_is(want, "name", names[i].name) && doc_is(want, "enabled", "yes") != has(f, names[i].feature))
                return false;
    return true;
}

/* The low bits of a policy of launch security: its guest's registers are encrypted as well. */
enum { SEV_POLICY_ES = 4 };

static bool is_secure_enough(const struct firmware *f, const struct tree *t)
{
    const struct tree *sev = tree_first(t, "launchSecurity");
    const char *policy = tree_text(sev, "policy");
    uint64_t bits = 0;
    if (!doc_is(sev, "type", "sev"))
        return true;
    if (policy)
        tree_parse_uint(policy, 0, UINT32_MAX, &bits);
    return has(f, FIRMWARE_AMD_SEV) && (!(bits & SEV_POLICY_ES) || has(f, FIRMWARE_AMD_SEV_ES));
}

static bool does(const struct firmware *f, const struct tree *t)
{
    const struct tree *os = tree_first(t, "os"), *type = tree_first(os, "type"), *loader = tree_first(os, "loader");
    uint8_t want = doc_is(os, "firmware", "bios") ? FIRMWARE_BIOS : FIRMWARE_UEFI;
    enum firmware_mode mode = doc_is(loader, "stateless", "yes") ? FIRMWARE_STATELESS : FIRMWARE_SPLIT;
    if (!(f->interfaces & want) || !firmware_fits(f, tree_attr(type, "arch"), tree_attr(type, "machine")))
        return false;
    if (loader && loader->text && (f->device != FIRMWARE_FLASH || strcmp(f->file, loader->text)))
        return false;
    if ((doc_is(tree_get(t, "pm/suspend-to-mem"), "enabled", "yes") && !has(f, FIRMWARE_ACPI_S3)) || (doc_is(tree_get(t, "pm/suspend-to-disk"), "enabled", "yes") && !has(f, FIRMWARE_ACPI_S4)))
        return false;
    if (doc_is(loader, "secure", "yes") && !has(f, FIRMWARE_REQUIRES_SMM))
        return false;
    return has_wanted(f, os) && is_secure_enough(f, t) && (f->device != FIRMWARE_FLASH || f->mode == mode);
}

/* Its <nvram>, where the document has none of its own. */
static void own_variables(struct tree *t, const struct doc_env *env)
{
    struct tree *nvram = tree_make(t, "os/nvram");
    if (!nvram->text && !tree_first(nvram, "source"))
        tree_set_text(nvram, "%s/nvram/%s_VARS.fd", doc_lib_dir(env), tree_text(t, "name"));
}

static void set_image(struct tree *el, const char *path)
{
    if (!el->text || strcmp(el->text, path))
        tree_set_attr(el, MARK_CHOSEN, "yes");
    tree_set_text(el, "%s", path);
}

static int take_flash(struct tree *t, const struct firmware *f, struct err *e)
{
    struct tree *loader = tree_make(t, "os/loader");
    if (strcmp(f->format, "raw") != 0)
        return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "unsupported flash format '%s'", f->format);
    tree_set_attr(loader, "readonly", "yes");
    tree_set_attr(loader, "type", "pflash");
    set_image(loader, f->file);
    if (f->mode == FIRMWARE_SPLIT) {
        tree_set_attr(tree_make(t, "os/nvram"), "template", "%s", f->nvram);
        tree_set_attr(tree_make(t, "os/nvram"), MARK_CHOSEN, "yes");
    }
    return 0;
}

static int take(struct tree *t, const struct firmware *f, struct err *e)
{
    if (f->device == FIRMWARE_FLASH && take_flash(t, f, e))
        return -1;
    if (f->device == FIRMWARE_KERNEL)
        set_image(tree_make(t, "os/kernel"), f->file);
    if (f->device == FIRMWARE_MEMORY) {
        tree_set_attr(tree_make(t, "os/loader"), "type", "rom");
        set_image(tree_make(t, "os/loader"), f->file);
    }
    if (!has(f, FIRMWARE_REQUIRES_SMM))
        return 0;
    struct tree *smm = tree_make(t, "features/smm");
    if (doc_is(smm, "state", "off"))
        return err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "domain has SMM turned off but chosen firmware requires it");
    tree_set_attr(smm, "state", "on");
    tree_set_attr(tree_make(t, "os/loader"), "secure", "yes");
    return 0;
}

int run_firmware(struct tree *t, const struct doc_env *env, struct err *e)
{
    struct tree *os = tree_first(t, "os"), *loader = tree_first(os, "loader");
    const char *kind = tree_attr(os, "firmware");
    bool named = !kind && loader && doc_is(loader, "type", "pflash") && doc_is(loader, "readonly", "yes") && !tree_path_attr(os, "nvram", "template");
    if (!kind && !named)
        return 0;
    const struct firmware_list *l = env->firmware ? env->firmware() : NULL;
    const struct firmware *f = NULL;
    if (l && l->bad[0])
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "%s", l->bad);
    for (uint32_t i = 0; l && !f && i < l->n; i++)
        if (does(&l->v[i], t))
            f = &l->v[i];
    if (!f && kind)
        return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "Unable to find any firmware to satisfy '%s'", kind);
    if (f && take(t, f, e))
        return -1;
    tree_set_attr(os, "firmware", NULL);
    if (doc_is(tree_first(os, "loader"), "type", "pflash") && !doc_is(tree_first(os, "loader"), "stateless", "yes") && doc_is(tree_first(os, "loader"), "readonly", "yes"))
        own_variables(t, env);
    return 0;
}
