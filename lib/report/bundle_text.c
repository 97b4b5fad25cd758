/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * bundle_text - VERIFY.txt: how to check a bundle with openssl and sha256sum alone
 *
 * Lines that begin with four blanks are commands; the test runs just those.
 */
#include "config.h"

#include "report/bundle_int.h"

#include "base/banned.h"

static const char head[] =
    "CÁCH KIỂM TRA BỘ HỒ SƠ NÀY / HOW TO CHECK THIS BUNDLE\n"
    "\n"
    "Chỉ cần openssl 3 và sha256sum. Mở cửa sổ dòng lệnh tại thư mục này; ca.pem là "
    "chứng\n"
    "thư của tổ chức chứng thực mà quý cơ quan tin cậy, nhận bằng đường khác với bộ hồ "
    "sơ.\n"
    "Only openssl 3 and sha256sum are needed. Open a shell in this directory; ca.pem "
    "is the\n"
    "certificate of the authority that you trust, and came to you another way than "
    "this\n"
    "bundle.\n"
    "\n"
    "    CA=${CA:-ca.pem}\n"
    "\n"
    "1. Chữ ký trên danh mục tệp là đúng, và của người ký mà quý cơ quan chờ đợi.\n"
    "   The signature of the list of files is right, and of the signer whom you "
    "expect.\n"
    "\n"
    "    openssl cms -verify -binary -inform DER -in MANIFEST.p7s -content "
    "MANIFEST.sha256 "
    "-CAfile \"$CA\" -purpose any -out /dev/null\n"
    "    openssl pkcs7 -inform DER -in MANIFEST.p7s -print_certs | openssl x509 -noout "
    "-subject -issuer -dates -fingerprint -sha256\n"
    "\n"
    "2. Mọi tệp đúng như khi ký, không thiếu, không thừa.\n"
    "   Every file is as it was signed; none is missing, none was added.\n"
    "\n"
    "    sha256sum --quiet --strict -c MANIFEST.sha256\n"
    "    test \"$(find . ! -type d ! -path './MANIFEST.*' | LC_ALL=C sort)\" = "
    "\"$(cut -c 67- MANIFEST.sha256)\"\n"
    "\n";

static const char sums[] =
    "3. Tổng số trong bảng đúng bằng tổng các bản ghi (ở đây: giờ lõi tính bằng giây, "
    "và "
    "đơn vị\n"
    "   quy đổi tính bằng phần nghìn). Mỗi dòng của records/*.jsonl là một lượt chạy.\n"
    "   The totals of a table are those of the records (here: core-seconds, and "
    "thousandths of\n"
    "   a unit). Each line of records/*.jsonl is one run.\n"
    "\n"
    "    records() { cat records/*.jsonl 2>/dev/null | tr ',{}' '\\n\\n\\n' | "
    "awk -F: -v m=\"\\\"$1\\\"\" '$1 == m { s += $2 } END { printf \"%.0f\\n\", s }'; "
    "}\n"
    "    column() { awk -F, -v m=\"$1\" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "
    "m) "
    "c = i; next } { s += $c } END { printf \"%.0f\\n\", s }' tables/months.csv; }\n"
    "    test \"$(records core_s)\" = \"$(column core_s)\"\n"
    "    test \"$(records milli)\" = \"$(column milli)\"\n"
    "\n";

static const char books[] =
    "4. Sổ của trung tâm %s: ba dòng đầu của checkpoints/%s.note (tên, số dòng, gốc "
    "cây "
    "băm)\n"
    "   do trung tâm ký. So khóa trong keys/ với khóa mà trung tâm công bố.\n"
    "   The books of center %s: the first three lines of checkpoints/%s.note (name, "
    "lines, "
    "root\n"
    "   of the tree) are signed by the center. Compare the key in keys/ with the one "
    "that "
    "the\n"
    "   center has made public.\n"
    "\n"
    "    T=$(mktemp -d)\n"
    "    sed '/^$/,$d' checkpoints/%s.note >\"$T/text\"\n"
    "    sed -n 's/^— hopluu\\/%s //p' checkpoints/%s.note | base64 -d | tail -c 64 "
    ">\"$T/sig\"\n"
    "    openssl pkeyutl -verify -rawin -pubin -inkey keys/%s.pub -in \"$T/text\" "
    "-sigfile "
    "\"$T/sig\"\n"
    "    rm -r \"$T\"\n"
    "\n";

static const char tail[] =
    "Chương trình fverify của Hopluu làm tất cả các bước trên, dựng lại mọi bảng từ "
    "bản ghi,\n"
    "kiểm tra từng dòng sổ nằm trong cây băm đã ký, và nêu tên mục sai đầu tiên:\n"
    "Hopluu's program fverify does all of that, makes every table again from the "
    "records,\n"
    "checks that each line of the books is in the signed tree, and names the first "
    "item\n"
    "that is wrong:\n"
    "\n"
    "  fverify --ca ca.pem .\n";

void verify_text(const struct bundle_about *a, FILE *out)
{
    (void)fputs(head, out); /* bundle_close() asks */
    (void)fputs(sums, out);
    for (size_t i = 0; i < a->n_centers; i++) {
        const char *id = a->centers[i].id;

        if (a->centers[i].proven)
            (void)fprintf(out, books, id, id, id, id, id, id, id, id);
    }
    (void)fputs(tail, out);
}
