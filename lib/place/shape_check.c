/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * shape_check - what hwloc may be given to read
 *
 * hwloc believes its input: a short synthetic text can ask for billions of objects,
 * an XML file can nest until the stack ends. So both are measured first. What passes
 * may still be no machine; that hwloc says itself.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "place/shape_hwloc.h"

#include "base/banned.h"

struct xml {
    const char *at, *end;
    unsigned depth, elements;
};

static bool begins(const struct xml *x, const char *word)
{
    size_t n = strlen(word);

    return (size_t)(x->end - x->at) >= n && !memcmp(x->at, word, n);
}

/* Past the next `word`; false when it does not come. */
static bool pass(struct xml *x, const char *word)
{
    const char *p = memmem(x->at, (size_t)(x->end - x->at), word, strlen(word));

    if (!p)
        return false;
    x->at = p + strlen(word);
    return true;
}

/* From behind '<' to behind '>', over quoted values. */
static bool pass_tag(struct xml *x, bool *ret_empty)
{
    char quote = '\0';

    for (; x->at < x->end; x->at++) {
        if (quote) {
            quote = *x->at == quote ? '\0' : quote;
        } else if (*x->at == '"' || *x->at == '\'') {
            quote = *x->at;
        } else if (*x->at == '>') {
            *ret_empty = x->at[-1] == '/';
            x->at++;
            return true;
        } else if (*x->at == '<') {
            return false;
        }
    }
    return false;
}

static int fail(const struct xml *x,
                const char *from,
                struct err *err,
                const char *what)
{
    return err_set(err, -EINVAL, "hwloc's XML, byte %zu: %s", (size_t)(x->at - from),
                   what);
}

/* One thing that begins with '<'; x->at is behind it afterwards. */
static int one_tag(struct xml *x, const char *from, struct err *err)
{
    bool empty = false;
    bool closes;

    if (begins(x, "<!--"))
        return pass(x, "-->") ? 0 : fail(x, from, err, "a comment without an end");
    if (begins(x, "<?"))
        return pass(x, "?>") ? 0 : fail(x, from, err, "<? without an end");
    if (begins(x, "<!")) {
        const char *tag = x->at++;

        if (!pass_tag(x, &empty))
            return fail(x, from, err, "<! without an end");
        return memchr(tag, '[', (size_t)(x->at - tag))
                   ? fail(x, from, err, "definitions of its own are not read")
                   : 0;
    }
    closes = begins(x, "</");
    x->at++;
    if (!pass_tag(x, &empty))
        return fail(x, from, err, "a tag without an end");
    if (closes) {
        if (x->depth-- == 0)
            return fail(x, from, err, "closes what is not open");
        return 0;
    }
    if (++x->elements > SHAPE_XML_ELEMENTS_MAX)
        return err_set(err, -E2BIG, "hwloc's XML has more than %d elements",
                       SHAPE_XML_ELEMENTS_MAX);
    if (!empty && ++x->depth > SHAPE_XML_DEPTH_MAX)
        return err_set(err, -E2BIG, "hwloc's XML is more than %d deep",
                       SHAPE_XML_DEPTH_MAX);
    return 0;
}

int shape_check_xml(const char *text, size_t n_bytes, struct err *err)
{
    struct xml x = {.at = text, .end = text + n_bytes};
    int r = 0;

    if (n_bytes > SHAPE_XML_BYTES_MAX)
        return err_set(err, -E2BIG, "hwloc's XML has more than %d bytes",
                       SHAPE_XML_BYTES_MAX);
    if (n_bytes == 0 || memchr(text, '\0', n_bytes))
        return err_set(err, -EINVAL, "this is no XML");
    while (r == 0 && x.at < x.end) {
        x.at = memchr(x.at, '<', (size_t)(x.end - x.at));
        if (!x.at)
            break;
        r = one_tag(&x, text, err);
    }
    if (r == 0 && (x.depth > 0 || x.elements == 0))
        r = err_set(err, -EINVAL, "hwloc's XML ends before its elements do");
    return r;
}

int shape_check_synthetic(const char *text, struct err *err)
{
    uint64_t all = 1;
    size_t n = strlen(text);

    if (n > SHAPE_SYNTHETIC_BYTES_MAX)
        return err_set(err, -E2BIG, "a synthetic machine has at most %d bytes",
                       SHAPE_SYNTHETIC_BYTES_MAX);
    for (const char *at = text; *at;) {
        uint64_t k = 0;
        bool attribute = false;

        if (*at == '(') { /* "(memory=16GB)" is no count */
            at += strcspn(at, ")");
            attribute = true;
        } else if (*at >= '0' && *at <= '9'
                   && (at == text || at[-1] == ':' || at[-1] == ' ')) {
            for (; *at >= '0' && *at <= '9' && k <= SHAPE_OBJECTS_MAX; at++)
                k = 10 * k + (uint64_t)(*at - '0');
            all *= k ? k : 1;
        }
        if (all > SHAPE_OBJECTS_MAX)
            return err_set(err, -E2BIG, "a synthetic machine has at most %d parts",
                           SHAPE_OBJECTS_MAX);
        at += *at != '\0' && (attribute || k == 0);
    }
    return 0;
}
