/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * place_instances - the graphs and machines of the placement benchmark
 *
 * `best` is the least J of Scotch, METIS multisection, KaHIP, VieM, SharedMap and
 * TreeMatch, measured once (docs/placement.md, "Peers"); of exact bricks for grids.
 */
#include "config.h"

#include "place_instances.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "place/read.h"

#include "base/banned.h"

#define D4 "1:10:100:200"

const struct instance instances[] = {
    {"64",    "cloverleaf_64",         "4:2:4:2",    D4,         3770898780792.  },
    {"64",    "lulesh_64",             "4:2:4:2",    D4,         6532718883928.  },
    {"64",    "minife_64",             "4:2:4:2",    D4,         525696616024.   },
    {"64",    "npb_bt_64",             "4:2:4:2",    D4,         3283033418212.  },
    {"64",    "npb_cg_64",             "4:2:4:2",    D4,         2835980521092.  },
    {"1000",  "lulesh_1000",           "10:2:10:5",  D4,         336376213781848.},
    {"1000",  "minife_1024",           "16:2:8:4",   D4,         4700214546344.  },
    {"1000",  "npb_bt_1024",           "16:2:8:4",   D4,         8883389524180.  },
    {"1000",  "npb_cg_1024",           "16:2:8:4",   D4,         14104370393652. },
    {"1000",  "cloverleaf_1152",       "16:2:9:4",   D4,         10415018873720. },
    {"512",   "halo512_bcsstk29",      "16:2:16",    "1:10:100", 3078765.        },
    {"512",   "halo512_crack",         "16:2:16",    "1:10:100", 208151.         },
    {"512",   "halo512_fe_pwt",        "16:2:16",    "1:10:100", 397489.         },
    {"512",   "halo512_memplus",       "16:2:16",    "1:10:100", 1628234.        },
    {"512",   "halo512_t60k",          "16:2:16",    "1:10:100", 115675.         },
    {"512",   "halo512_wing_nodal",    "16:2:16",    "1:10:100", 1119420.        },
    {"4096",  "halo4096_delaunay_n15", "32:2:16:4",  D4,         869096.         },
    {"4096",  "halo4096_fe_pwt",       "32:2:16:4",  D4,         1413761.        },
    {"4096",  "halo4096_t60k",         "32:2:16:4",  D4,         354240.         },
    {"32768", "delaunay_n15",          "32:2:16:32", D4,         2029529.        },
    {"grid",  "7pt:8x8x8",             "16:2:16",    "1:10:100", 34176000.       },
    {"grid",  "27pt:8x8x8",            "16:2:16",    "1:10:100", 37408624.       },
    {"grid",  "5pt:32x16",             "16:2:16",    "1:10:100", 15808000.       },
    {"grid",  "7pt:20x10x5",           "10:2:10:5",  D4,         110867000.      },
    {"grid",  "5pt:64x64",             "32:2:16:4",  D4,         114176000.      },
    {"grid",  "7pt:16x16x16",          "32:2:16:4",  D4,         300032000.      },
    {"grid",  "27pt:16x16x16",         "32:2:16:4",  D4,         331128608.      },
    {"grid",  "7pt:32x32x32",          "32:2:16:32", D4,         3014656000.     },
    {"grid",  "9pt:256x128",           "32:2:16:32", D4,         1043308688.     },
    {"grid",  "7pt:9x8x7",             "16:2:16",    "1:10:100", 0               },
    {"grid",  "5pt:61x67",             "32:2:16:4",  D4,         0               },
    {"grid",  "27pt:15x17x16",         "32:2:16:4",  D4,         0               },
    {"grid",  "7pt:31x33x32",          "32:2:16:32", D4,         0               },
};
const size_t n_instances = sizeof(instances) / sizeof(instances[0]);

double cpu_seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail on Linux */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int read_xz(const char *path, struct buf *b)
{
    char command[4200];
    FILE *f;
    size_t got;

    (void)snprintf(command, sizeof(command), "xz -dc '%s'", path);
    f = popen(command, "r");
    if (!f)
        return -errno;
    do {
        char *at = buf_reserve(b, 65536);

        got = at ? fread(at, 1, 65536, f) : 0;
        b->len += got;
    } while (got > 0);
    return pclose(f) == 0 && !b->err ? 0 : -ENOENT;
}

int instance_load(const struct instance *i,
                  const char *dir,
                  struct pattern **ret_p,
                  struct err *err)
{
    struct buf b = BUF_INIT(UINT64_C(1) << 32);
    char path[4100];
    int r;

    if (strchr(i->name, ':'))
        return pattern_parse(i->name, 0, ret_p, err);
    (void)snprintf(path, sizeof(path), "%s/data/mapping/%s.graph.xz", dir, i->name);
    r = read_xz(path, &b);
    if (r < 0)
        r = err_set(err, r, "%s cannot be read", path);
    else
        r = pattern_read_metis(b.data, b.len, ret_p, err);
    buf_release(&b);
    return r;
}

int instance_shuffle(const struct pattern *p, uint64_t seed, struct pattern **ret_p)
{
    uint32_t n = pattern_ranks(p);
    uint32_t *name = malloc((n + 1) * sizeof(*name));
    int r;

    if (!name)
        return -ENOMEM;
    for (uint32_t u = 0; u < n; u++)
        name[u] = u;
    for (uint32_t u = n; u > 1; u--) {
        uint32_t j;
        uint32_t x = name[u - 1];

        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        j = (uint32_t)((seed >> 33) % u);
        name[u - 1] = name[j];
        name[j] = x;
    }
    r = pattern_renamed(p, name, ret_p, NULL);
    free(name);
    return r;
}
