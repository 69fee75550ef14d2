/* parse.c: see parse.h. */
#include "workers/xmlc/parse.h"
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"

#define LINE_MAX_BYTES 150       /* of the line with a fault: twice that must fit into an error's text */

struct limits {
    unsigned nodes, depth;
    unsigned children[PARSE_DEPTH_MAX + 2];     /* of the open element at each depth */
    const char *broken;         /* which limit, NULL none */
    bool fault;                 /* the first fault that libxml2 found: */
    int line;
    char message[128], place[2 * LINE_MAX_BYTES + 16];
};

static void stop(xmlParserCtxtPtr c, const char *why)
{
    struct limits *l = c->_private;
    if (!l->broken)
        l->broken = why;
    xmlStopParser(c);
}

/* Wrapped around libxml2's own builders, so that what is built stays small whatever the input says. */
static void start_element(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int nns, const xmlChar **ns,
    int nattr, int ndefault, const xmlChar **attr)
{
    xmlParserCtxtPtr c = ctx;
    struct limits *l = c->_private;
    l->nodes += 1 + (unsigned)nattr + (unsigned)nns;
    if (++l->depth > PARSE_DEPTH_MAX) {
        stop(c, "document is nested too deeply");
        return;
    }
    l->children[l->depth] = 0;
    if (++l->children[l->depth - 1] > PARSE_CHILDREN_MAX) {
        stop(c, "an element has too many children");
        return;
    }
    if (l->nodes > PARSE_NODES_MAX) {
        stop(c, "document has too many elements");
        return;
    }
    for (int i = 0; i < nattr; i++)
        if (attr[i * 5 + 4] - attr[i * 5 + 3] >= (ptrdiff_t)PARSE_VALUE_MAX) {
            stop(c, "value of an attribute is too long");
            return;
        }
    xmlSAX2StartElementNs(ctx, name, prefix, uri, nns, ns, nattr, ndefault, attr);
}

static void end_element(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct limits *l = ((xmlParserCtxtPtr)ctx)->_private;
    l->depth--;
    xmlSAX2EndElementNs(ctx, name, prefix, uri);
}

static void subset(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    (void)name, (void)external, (void)system;
    stop(ctx, "document type declarations are not accepted");
}

static void quiet(void *ctx, const char *fmt, ...) { (void)ctx, (void)fmt; }

/* The line where the parser stands, and a second one of dashes and a caret below the place, as libvirt draws it: tabs stay tabs. */
static void draw(struct limits *l, const char *base, const char *cur, const char *end)
{
    char line[LINE_MAX_BYTES + 1], caret[LINE_MAX_BYTES + 2];
    const char *from = cur;
    size_t n = 0, at = 0;
    while (from > base && from[-1] != '\n' && from[-1] != '\r' && cur - from < LINE_MAX_BYTES)
        from--;
    for (; n < LINE_MAX_BYTES && from + n < end && from[n] && from[n] != '\n' && from[n] != '\r'; n++)
        line[n] = from[n];
    line[n] = 0;
    for (; at < n && from + at < cur; at++)
        caret[at] = line[at] == '\t' ? '\t' : '-';
    memcpy(caret + at, "^", 2);
    snprintf(l->place, sizeof l->place, "%s\n%s", n ? line : "(null)", caret);
}

/* Called while the parser still stands at the place: the first fault is the one that is told, what follows are its consequences. */
static void on_fault(void *ctx, const xmlError *x)
{
    xmlParserCtxtPtr c = ctx;
    struct limits *l = c->_private;
    if (l->fault || x->level < XML_ERR_ERROR)
        return;
    l->fault = true;
    l->line = x->line;
    snprintf(l->message, sizeof l->message, "%s", x->message ? x->message : "");
    if (c->input && c->input->cur)
        draw(l, (const char *)c->input->base, (const char *)c->input->cur, (const char *)c->input->end);
    else
        draw(l, "", "", "");
}

static void report(const struct limits *l, const char *what, struct err *e)
{
    if (l->broken)
        err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "%s: %s", what, l->broken);
    else if (!l->fault)
        err_set(e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "%s: failed to parse document", what);
    else
        err_set(e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "%s:%d: %s%s", what, l->line, l->message, l->place);
}

static char *qname(const xmlNode *node, bool element)
{
    const xmlNs *ns = node->ns;
    char *s = NULL;
    if (element && ns && ns->href && strcmp((const char *)ns->href, NS_QEMU) == 0)
        return asprintf(&s, "qemu:%s", (const char *)node->name) < 0 ? NULL : s;
    if (ns && ns->prefix)
        return asprintf(&s, "%s:%s", (const char *)ns->prefix, (const char *)node->name) < 0 ? NULL : s;
    return strdup((const char *)node->name);
}

/* A comment, CDATA section or instruction as it was written. */
static void add_verbatim(struct tree *t, const xmlNode *node)
{
    const char *text = node->content ? (const char *)node->content : "";
    struct tree *v = tree_add(t, TREE_VERBATIM);
    if (node->type == XML_COMMENT_NODE)
        tree_set_text(v, "<!--%s-->", text);
    else if (node->type == XML_CDATA_SECTION_NODE)
        tree_set_text(v, "<![CDATA[%s]]>", text);
    else
        tree_set_text(v, "<?%s%s%s?>", (const char *)node->name, *text ? " " : "", text);
}

static void own_namespace(const xmlNode *meta, const xmlNode *node, const xmlNs *ns, struct tree *t)
{
    AUTO_FREE char *key = NULL;
    if (!ns || !ns->prefix || strcmp((const char *)ns->prefix, "xml") == 0)
        return;
    for (const xmlNode *p = node; p && p != meta->parent; p = p->parent)
        for (const xmlNs *d = p->nsDef; d; d = d->next)
            if (d == ns)
                return;
    if (asprintf(&key, "xmlns:%s", (const char *)ns->prefix) > 0)
        tree_set_attr(t, key, "%s", (const char *)ns->href);
}

/* Namespaces that elements below <metadata> use but that are declared above it: they are declared on it. */
static void own_namespaces(const xmlNode *meta, const xmlNode *node, struct tree *t)
{
    own_namespace(meta, node, node->ns, t);
    for (const xmlAttr *a = node->properties; a; a = a->next)
        own_namespace(meta, node, a->ns, t);
    for (const xmlNode *c = node->children; c; c = c->next)
        if (c->type == XML_ELEMENT_NODE)
            own_namespaces(meta, c, t);
}

static void add_text(struct tree *t, const xmlNode *node)
{
    if (node->content)
        tree_set_text(t, "%s%s", t->text ? t->text : "", (const char *)node->content);
}

/* Copies an element. verbatim: everything is kept, as in <metadata>. */
static struct tree *convert(const xmlNode *node, bool verbatim)
{
    AUTO_FREE char *name = qname(node, !verbatim);
    struct tree *t = tree_new(name);
    bool elements = false;
    bool meta_node = strcmp((const char *)node->name, "metadata") == 0;
    for (const xmlNs *ns = verbatim || meta_node ? node->nsDef : NULL; ns; ns = ns->next) {
        AUTO_FREE char *key = NULL;
        if (asprintf(&key, "xmlns%s%s", ns->prefix ? ":" : "", ns->prefix ? (const char *)ns->prefix : "") > 0)
            tree_set_attr(t, key, "%s", ns->href ? (const char *)ns->href : "");
    }
    for (const xmlAttr *a = node->properties; a; a = a->next) {
        AUTO_FREE char *key = qname((const xmlNode *)a, false);
        xmlChar *v = xmlNodeListGetString(node->doc, a->children, 1);
        tree_set_attr(t, key, "%s", v ? (const char *)v : "");
        xmlFree(v);
    }
    for (const xmlNode *c = node->children; c; c = c->next)
        elements |= c->type != XML_TEXT_NODE && (verbatim || c->type == XML_ELEMENT_NODE);
    bool meta = !verbatim && strcmp((const char *)node->name, "metadata") == 0 && node->parent && !node->parent->parent->parent;
    for (const xmlNode *c = node->children; c; c = c->next) {
        if (c->type == XML_ELEMENT_NODE)
            tree_append(t, convert(c, verbatim || meta));
        else if (meta)
            continue;       /* only elements are kept right below <metadata> */
        else if (verbatim && c->type != XML_TEXT_NODE)
            add_verbatim(t, c);
        else if (verbatim && elements)
            add_text(tree_add(t, NULL), c);
        else if (!elements && (c->type == XML_TEXT_NODE || c->type == XML_CDATA_SECTION_NODE))
            add_text(t, c);
    }
    if (meta)
        own_namespaces(node, node, t);
    return t;
}

static struct tree *parse(const char *text, size_t n, const char *what, const char *root, bool verbatim, struct err *e)
{
    struct limits l = {0};
    struct tree *t = NULL;
    xmlSetGenericErrorFunc(NULL, quiet);
    xmlParserCtxtPtr c = xmlNewParserCtxt();
    if (!c) {
        err_set(e, VIR_ERR_NO_MEMORY, VIR_FROM_DOMAIN, " ");
        return NULL;
    }
    c->_private = &l;
    c->sax->startElementNs = start_element;
    c->sax->endElementNs = end_element;
    c->sax->internalSubset = subset;
    c->sax->externalSubset = subset;
    c->sax->serror = (xmlStructuredErrorFunc)(void *)on_fault;
    if (n > PARSE_BYTES_MAX) {
        l.broken = "document is too large";
        report(&l, what, e);
    } else {
        xmlDocPtr doc = xmlCtxtReadMemory(c, text, (int)n, what, NULL, XML_PARSE_NONET | XML_PARSE_NOBLANKS | XML_PARSE_NOWARNING | XML_PARSE_COMPACT);
        const xmlNode *r = doc ? xmlDocGetRootElement(doc) : NULL;
        if (!r || l.broken)
            report(&l, what, e);
        else if (root && strcmp((const char *)r->name, root) != 0)
            err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_XML, "expecting root element of '%s', not '%s'", root, (const char *)r->name);
        else
            t = convert(r, verbatim);
        xmlFreeDoc(doc);
    }
    xmlFreeParserCtxt(c);
    return t;
}

struct tree *parse_xml(const char *text, size_t n, const char *what, const char *root, struct err *e)
{
    return parse(text, n, what, root, false, e);
}

struct tree *parse_verbatim(const char *text, size_t n, const char *what, struct err *e)
{
    return parse(text, n, what, NULL, true, e);
}
