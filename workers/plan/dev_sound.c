/* dev_sound.c: <audio> back ends and <sound> cards. */
#include "priv.h"

/* ---- audio ---- */
/* Rows for one direction; path is relative to <input> or <output>. Options only some back ends have follow the common ones. */
static const struct prop direction[] = {
    P_BOOL("mixing-engine", NULL, "mixingEngine"), P_BOOL("fixed-settings", NULL, "fixedSettings"), P_INT("voices", NULL, "voices"),
    P_INT("buffer-length", NULL, "bufferLength"), P_INT("frequency", "settings", "frequency"), P_INT("channels", "settings", "channels"),
    P_STR("format", "settings", "format"), P_STR("dev", NULL, "dev"), P_INT("buffer-count", NULL, "bufferCount"), P_BOOL("try-poll", NULL, "tryPoll"),
    P_STR("name", NULL, "name"), P_STR("stream-name", NULL, "streamName"), P_INT("latency", NULL, "latency"),
    P_STR("server-name", NULL, "serverName"), P_STR("client-name", NULL, "clientName"), P_STR("connect-ports", NULL, "connectPorts"),
    P_BOOL("exact-name", NULL, "exactName"), P_END };

static void one_direction(struct ctx *c, const struct tree *a, json_t *o, const char *key, const char *element)
{
    const struct tree *d = tree_get(a, element);
    if (!d)
        return;
    json_t *v = json_object();
    pl_fill(c, d, direction, v);
    if (json_object_size(v))
        json_object_set(o, key, v);
    json_decref(v);
}

void pl_audio(struct ctx *c, const struct tree *a)
{
    static const struct map drivers[] = { { "none", "none" }, { "alsa", "alsa" }, { "coreaudio", "coreaudio" }, { "jack", "jack" }, { "oss", "oss" },
        { "pulseaudio", "pa" }, { "sdl", "sdl" }, { "spice", "spice" }, { "file", "wav" }, { "dbus", "dbus" }, { NULL, NULL } };
    static const struct prop t[] = { P_MAP("driver", NULL, "type", drivers), P_INT("timer-period", NULL, "timerPeriod"),
        P_STR("server", NULL, "serverName"), P_STR("path", NULL, "path"), P_BOOL("try-mmap", NULL, "tryMMap"), P_BOOL("exclusive", NULL, "exclusive"),
        P_INT("dsp-policy", NULL, "dspPolicy"), P_END };
    /* sound daemons and devices of the host are out of a sandboxed guest's reach; SPICE has what clients brought */
    if (pl_run(c) && !tree_attr_is(a, "type", "none") && !tree_attr_is(a, "type", "spice")) {
        pl_refuse(c, a, "type");
        return;
    }
    json_t *o = pl_item(c, PLAN_AUDIODEV);
    pl_setf(c, o, "id", "audio%s", tree_attr(a, "id"));
    pl_fill(c, a, t, o);
    one_direction(c, a, o, "in", "input");
    one_direction(c, a, o, "out", "output");
}

/* ---- cards ---- */
static void audiodev(struct ctx *c, const struct tree *s, json_t *o)
{
    const char *id = tree_path_attr(s, "audio", "id");
    if (!id)
        id = tree_path_attr(c->devices, "audio", "id");
    if (id)
        pl_setf(c, o, "audiodev", "audio%s", id);
}

static void codecs(struct ctx *c, const struct tree *s)
{
    static const struct map types[] = { { "duplex", "hda-duplex" }, { "micro", "hda-micro" }, { "output", "hda-output" }, { NULL, NULL } };
    const struct tree *codec = tree_first(s, "codec");
    unsigned cad = 0;
    do {
        bool known;
        const char *driver = pl_map(types, codec ? tree_attr(codec, "type") : "duplex", &known);
        json_t *o = pl_item(c, PLAN_DEVICE);
        if (!known)
            pl_refuse(c, codec, "type");
        pl_set(o, "driver", driver);
        pl_setf(c, o, "id", "%s-codec%u", pl_alias(c, s), cad);
        pl_setf(c, o, "bus", "%s.0", pl_alias(c, s));
        pl_set_int(o, "cad", cad++);
        audiodev(c, s, o);
        codec = codec ? tree_next(codec, "codec") : NULL;
    } while (codec);
}

void pl_sound(struct ctx *c, const struct tree *s)
{
    static const struct { const char *model, *driver; bool hda; } cards[] = { { "ac97", "AC97", false }, { "es1370", "ES1370", false },
        { "sb16", "sb16", false }, { "ich6", "intel-hda", true }, { "ich9", "ich9-intel-hda", true }, { "usb", "usb-audio", false },
        { NULL, NULL, false } };
    static const struct prop id[] = { P_ID("id"), P_END };
    unsigned i;
    if (tree_attr_is(s, "model", "pcspk")) {
        if (pl_run(c))
            pl_refuse(c, s, "model");
        else
            pl_words(c, "-soundhw", "pcspk");
        return;
    }
    for (i = 0; cards[i].model && !tree_attr_is(s, "model", cards[i].model); i++)
        ;
    if (!cards[i].model) {
        pl_refuse(c, s, "model");
        return;
    }
    json_t *o = pl_item(c, PLAN_DEVICE);
    pl_set(o, "driver", cards[i].driver);
    pl_fill(c, s, id, o);
    if (!cards[i].hda)
        audiodev(c, s, o);
    pl_address(c, s, o);
    if (cards[i].hda)
        codecs(c, s);
}
