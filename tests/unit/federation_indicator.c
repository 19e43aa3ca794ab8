/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_indicator.c
 * Indicators: recognised, written in one way, marked where they can hardly be one.
 */
#include "federation/indicator.h"

#include "base/json.h"
#include "base/status.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

/* As "kind value flag", the flag only where there is one; "-" where the text is refused. */
static const char *recognised(const char *text)
{
    civ_indicator_t indicator;
    const char *flag;

    if (civ_indicator_recognise(&indicator, text, test_pool()) != APR_SUCCESS)
        return "-";
    flag = civ_indicator_flag_name(indicator.flag);
    CU_ASSERT(!flag == !civ_indicator_flag_reason(indicator.flag));
    return apr_pstrcat(test_pool(), civ_indicator_kind_name(indicator.kind), " ", indicator.value,
                       flag ? " " : NULL, flag, NULL);
}

typedef struct row_t {
    const char *text, *expected;
} row_t;

static void check(const row_t *rows, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        const char *got = recognised(rows[i].text);

        if (strcmp(got, rows[i].expected) != 0)
            test_note("%s: %s", rows[i].text, got);
        CU_ASSERT_STRING_EQUAL(got, rows[i].expected);
    }
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

static void addresses(void)
{
    static const row_t rows[] = {
        {"185.220.101.4", "ipv4 185.220.101.4"},
        {"  185.220.101.4 \n", "ipv4 185.220.101.4"},
        {"185.220.101.04", "other 185.220.101.04"},
        {"185.220.101.256", "other 185.220.101.256"},
        {"185.220.101", "other 185.220.101"},
        {"185.220.101.4.5", "other 185.220.101.4.5"},
        {"185.220.101.4.", "other 185.220.101.4."},
        {"0x7f.1", "other 0x7f.1"},
        {"2A03:2880:F12F:0083:FACE:B00C:0000:25DE", "ipv6 2a03:2880:f12f:83:face:b00c:0:25de"},
        {"2a03:0:0:1:0:0:0:1", "ipv6 2a03:0:0:1::1"},
        {"2a03:0:0:1:1:0:0:1", "ipv6 2a03::1:1:0:0:1"},
        {"[2a03::1]", "ipv6 2a03::1"},
        {"2a03::1%eth0", "other 2a03::1%eth0"},
        {"2a03:::1", "other 2a03:::1"},
        {"[185.220.101.4]", "other [185.220.101.4]"},
    };

    CHECK(rows);
}

static void networks(void)
{
    static const row_t rows[] = {
        {"185.220.101.0/24", "ipv4-network 185.220.101.0/24"},
        {"185.220.101.77/24", "ipv4-network 185.220.101.0/24"},
        {"185.220.101.77/25", "ipv4-network 185.220.101.0/25"},
        {"185.220.101.177/25", "ipv4-network 185.220.101.128/25"},
        {"185.220.101.4/32", "ipv4 185.220.101.4"},
        {"185.220.101.4/33", "other 185.220.101.4/33"},
        {"185.220.101.4/024", "other 185.220.101.4/024"},
        {"185.220.101.4/", "other 185.220.101.4/"},
        {"185.220.101.4/-1", "other 185.220.101.4/-1"},
        {"0.0.0.0/0", "ipv4-network 0.0.0.0/0 too-broad"},
        {"160.0.0.0/7", "ipv4-network 160.0.0.0/7 too-broad"},
        {"10.2.0.0/16", "ipv4-network 10.2.0.0/16 private"},
        {"2a03:2880::ff/32", "ipv6-network 2a03:2880::/32"},
        {"2a03:2880::ff/128", "ipv6 2a03:2880::ff"},
        {"2a03:2880::/129", "other 2a03:2880::/129"},
        {"::/0", "ipv6-network ::/0 too-broad"},
        {"fd00:1::/32", "ipv6-network fd00:1::/32 private"},
    };

    CHECK(rows);
}

static void addresses_that_can_hardly_be_one(void)
{
    static const row_t rows[] = {
        {"10.0.0.1", "ipv4 10.0.0.1 private"},
        {"172.16.0.1", "ipv4 172.16.0.1 private"},
        {"172.31.255.255", "ipv4 172.31.255.255 private"},
        {"172.32.0.1", "ipv4 172.32.0.1"},
        {"192.168.1.1", "ipv4 192.168.1.1 private"},
        {"127.0.0.1", "ipv4 127.0.0.1 loopback"},
        {"169.254.169.254", "ipv4 169.254.169.254 link-local"},
        {"100.64.0.1", "ipv4 100.64.0.1 shared-address"},
        {"100.128.0.1", "ipv4 100.128.0.1"},
        {"192.0.2.7", "ipv4 192.0.2.7 documentation"},
        {"198.51.100.7", "ipv4 198.51.100.7 documentation"},
        {"203.0.113.7", "ipv4 203.0.113.7 documentation"},
        {"198.19.0.1", "ipv4 198.19.0.1 reserved"},
        {"224.0.0.1", "ipv4 224.0.0.1 multicast"},
        {"239.255.255.255", "ipv4 239.255.255.255 multicast"},
        {"240.0.0.1", "ipv4 240.0.0.1 reserved"},
        {"255.255.255.255", "ipv4 255.255.255.255 broadcast"},
        {"0.0.0.0", "ipv4 0.0.0.0 unspecified"},
        {"8.8.8.8", "ipv4 8.8.8.8 public-resolver"},
        {"1.1.1.1", "ipv4 1.1.1.1 public-resolver"},
        {"9.9.9.9", "ipv4 9.9.9.9 public-resolver"},
        {"8.8.8.0/24", "ipv4-network 8.8.8.0/24"},
        {"::", "ipv6 :: unspecified"},
        {"::1", "ipv6 ::1 loopback"},
        {"::ffff:185.220.101.4", "ipv6 ::ffff:185.220.101.4 translated"},
        {"::FFFF:B9DC:6504", "ipv6 ::ffff:185.220.101.4 translated"},
        {"64:ff9b::1.2.3.4", "ipv6 64:ff9b::102:304 translated"},
        {"2002:102:304::1", "ipv6 2002:102:304::1 translated"},
        {"2001:0:1::1", "ipv6 2001:0:1::1 translated"},
        {"2001:db8::1", "ipv6 2001:db8::1 documentation"},
        {"fe80::1", "ipv6 fe80::1 link-local"},
        {"febf::1", "ipv6 febf::1 link-local"},
        {"fc00::1", "ipv6 fc00::1 private"},
        {"fdff::1", "ipv6 fdff::1 private"},
        {"ff02::1", "ipv6 ff02::1 multicast"},
        {"2001:4860:4860::8888", "ipv6 2001:4860:4860::8888 public-resolver"},
        {"2606:4700:4700::1111", "ipv6 2606:4700:4700::1111 public-resolver"},
        {"2620:fe::fe", "ipv6 2620:fe::fe public-resolver"},
    };

    CHECK(rows);
}

static void domains(void)
{
    static const row_t rows[] = {
        {"evil.bad-host.org", "domain evil.bad-host.org"},
        {"EVIL.Bad-Host.ORG.", "domain evil.bad-host.org"},
        {"_dmarc.bad-host.org", "domain _dmarc.bad-host.org"},
        {"XN--BCHER-KVA.de", "domain xn--bcher-kva.de"},
        {"bad.xn--p1ai", "domain bad.xn--p1ai"},
        {"bad.xn--", "other bad.xn--"},
        {"b\xc3\xbc"
         "cher.de",
         "other b\xc3\xbc"
         "cher.de"},
        {"evil", "other evil"},
        {"evil.", "other evil."},
        {".evil.org", "other .evil.org"},
        {"evil..org", "other evil..org"},
        {"-evil.org", "other -evil.org"},
        {"evil-.org", "other evil-.org"},
        {"evil.o", "other evil.o"},
        {"evil.o2", "other evil.o2"},
        {"1.2.3", "other 1.2.3"},
        {"dropper.exe", "other dropper.exe"},
        {"Build.LOG", "other Build.LOG"},
        {"some free text", "other some free text"},
        {"localhost", "domain localhost special-name"},
        {"printer.local", "domain printer.local special-name"},
        {"Example.COM", "domain example.com example"},
        {"www.example.com", "domain www.example.com example"},
        {"notexample.com", "domain notexample.com"},
        {"example.com.bad-host.org", "domain example.com.bad-host.org"},
        {"a.test", "domain a.test example"},
        {"dns.google", "domain dns.google public-resolver"},
    };

    CHECK(rows);
}

static void names_have_bounds(void)
{
    char *label = apr_pcalloc(test_pool(), 65), *name;

    memset(label, 'a', 64);
    CU_ASSERT(strncmp(recognised(apr_pstrcat(test_pool(), label, ".org", NULL)), "other ", 6) == 0);
    label[63] = '\0';
    CU_ASSERT(strncmp(recognised(apr_pstrcat(test_pool(), label, ".org", NULL)), "domain ", 7) == 0);
    name = apr_pstrcat(test_pool(), label, ".", label, ".", label, ".", label, NULL);
    name[253] = '\0';
    CU_ASSERT(strncmp(recognised(name), "domain ", 7) == 0);
    name[253] = 'a';
    CU_ASSERT(strncmp(recognised(name), "other ", 6) == 0);
}

static void urls(void)
{
    static const row_t rows[] = {
        {"http://evil.org", "url http://evil.org/"},
        {"HTTPS://Evil.ORG:443/Path?Q=1#F", "url https://evil.org/Path?Q=1#F"},
        {"https://evil.org:8443/", "url https://evil.org:8443/"},
        {"https://evil.org:/", "url https://evil.org/"},
        {"https://evil.org:99999/", "other https://evil.org:99999/"},
        {"https://evil.org:0443/", "other https://evil.org:0443/"},
        {"https://evil.org?a=b", "url https://evil.org/?a=b"},
        {"ftp://evil.org/x%2fy", "url ftp://evil.org/x%2Fy"},
        {"http://evil.org/\xc3\xa4", "url http://evil.org/%C3%A4"},
        {"http://user:secret@evil.org/", "url http://evil.org/"},
        {"http://good.org@evil.org/", "url http://evil.org/"},
        {"http://evil.org\\@good.org/", "url http://evil.org/\\@good.org/"},
        {"http://evil.org/a'b\\c?x=1", "url http://evil.org/a'b\\c?x=1"},
        {"http://185.220.101.4/x", "url http://185.220.101.4/x"},
        {"http://[2A03::1]:8080/x", "url http://[2a03::1]:8080/x"},
        {"http://[2a03::1", "other http://[2a03::1"},
        {"http://[2a03::1]x/", "other http://[2a03::1]x/"},
        {"http://192.168.0.1/x", "url http://192.168.0.1/x private"},
        {"http://localhost:8080/x", "url http://localhost:8080/x special-name"},
        {"https://www.example.com/x", "url https://www.example.com/x example"},
        {"http:///x", "other http:///x"},
        {"http://", "other http://"},
        {"gopher://evil.org/", "other gopher://evil.org/"},
        {"javascript://evil.org/", "other javascript://evil.org/"},
        {"http://evil.org/a b", "other http://evil.org/a b"},
    };

    CHECK(rows);
}

static void mail_addresses(void)
{
    static const row_t rows[] = {
        {"Phish.Er+x@Evil.ORG", "email phish.er+x@evil.org"},
        {"a@example.org", "email a@example.org example"},
        {"@evil.org", "other @evil.org"},
        {"a@", "other a@"},
        {"a@evil", "other a@evil"},
        {"a@@evil.org", "other a@@evil.org"},
        {".a@evil.org", "other .a@evil.org"},
        {"a..b@evil.org", "other a..b@evil.org"},
        {"a b@evil.org", "other a b@evil.org"},
        {"\"a b\"@evil.org", "other \"a b\"@evil.org"},
        {"pkg:npm/left-pad@1.3.0", "other pkg:npm/left-pad@1.3.0"},
    };

    CHECK(rows);
}

static void digests_and_vulnerabilities(void)
{
    static const row_t rows[] = {
        {"9E107D9D372BB6826BD81D3542A419D6", "md5 9e107d9d372bb6826bd81d3542a419d6"},
        {"md5:9e107d9d372bb6826bd81d3542a419d6", "md5 9e107d9d372bb6826bd81d3542a419d6"},
        {"sha1:9e107d9d372bb6826bd81d3542a419d6", "other sha1:9e107d9d372bb6826bd81d3542a419d6"},
        {"2fd4e1c67a2d28fced849ee1bb76e7391b93eb12", "sha1 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"},
        {"SHA256:D7A8FBB307D7809469CA9ABCB0082E4F8D5651E46D3CDB762D02D0BF37C9E592",
         "sha256 d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592"},
        {"sha-512:07e547d9586f6a73f73fbac0435ed76951218fb7d0c8d788a309d785436bbb64"
         "2e93a252a954f23912547d1e8a3b5ed6e1bfd7097821233fa0538f3db854fee6",
         "sha512 07e547d9586f6a73f73fbac0435ed76951218fb7d0c8d788a309d785436bbb64"
         "2e93a252a954f23912547d1e8a3b5ed6e1bfd7097821233fa0538f3db854fee6"},
        {"9e107d9d372bb6826bd81d3542a419d", "other 9e107d9d372bb6826bd81d3542a419d"},
        {"9e107d9d372bb6826bd81d3542a419dg", "other 9e107d9d372bb6826bd81d3542a419dg"},
        {"d41d8cd98f00b204e9800998ecf8427e", "md5 d41d8cd98f00b204e9800998ecf8427e empty-file"},
        {"da39a3ee5e6b4b0d3255bfef95601890afd80709",
         "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709 empty-file"},
        {"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
         "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 empty-file"},
        {"cve-2024-3094", "cve CVE-2024-3094"},
        {"CVE-2021-44228", "cve CVE-2021-44228"},
        {"CVE-2021-442", "other CVE-2021-442"},
        {"CVE-21-44228", "other CVE-21-44228"},
        {"CVE-2021-44228x", "other CVE-2021-44228x"},
        {"CVE-2021-12345678901234567890", "other CVE-2021-12345678901234567890"},
    };

    CHECK(rows);
}

static void defanged(void)
{
    static const row_t rows[] = {
        {"185[.]220[.]101[.]4", "ipv4 185.220.101.4"},
        {"185(.)220{.}101[dot]4", "ipv4 185.220.101.4"},
        {"185.220.101[.]0/24", "ipv4-network 185.220.101.0/24"},
        {"2a03[:]2880[:][:]1", "ipv6 2a03:2880::1"},
        {"evil[.]org", "domain evil.org"},
        {"evil(dot)org", "domain evil.org"},
        {"evil{DOT}org", "domain evil.org"},
        {"hxxp://evil[.]org/x", "url http://evil.org/x"},
        {"hXXps://evil[.]org/x", "url https://evil.org/x"},
        {"hxxps[:]//evil[.]org/x", "url https://evil.org/x"},
        {"hxxps[://]evil[.]org[/]x", "url https://evil.org/x"},
        {"h**p://evil.org", "url http://evil.org/"},
        {"fxp://evil.org/x", "url ftp://evil.org/x"},
        {"hxxp://evil(.)org/x(dot)y(.)z", "url http://evil.org/x(dot)y(.)z"},
        {"hxxp://evil(.)org/index[.]php", "url http://evil.org/index.php"},
        {"hxxp://evil.org?a(at)b", "url http://evil.org/?a(at)b"},
        {"phish[@]evil[.]org", "email phish@evil.org"},
        {"phish[at]evil[dot]org", "email phish@evil.org"},
        {"phish(AT)evil(dot)org", "email phish@evil.org"},
        {"note (dot) only", "other note (dot) only"},
    };

    CHECK(rows);
}

static void what_is_refused(void)
{
    char *text = apr_palloc(test_pool(), CIV_INDICATOR_LONGEST + 2);

    CU_ASSERT_STRING_EQUAL(recognised(""), "-");
    CU_ASSERT_STRING_EQUAL(recognised(" \t\r\n"), "-");
    CU_ASSERT_STRING_EQUAL(recognised("a\x01"
                                      "b"),
                           "-");
    CU_ASSERT_STRING_EQUAL(recognised("a\nb"), "-");
    CU_ASSERT_STRING_EQUAL(recognised("a\x7f"
                                      "b"),
                           "-");
    memset(text, 'a', CIV_INDICATOR_LONGEST + 1);
    text[CIV_INDICATOR_LONGEST + 1] = '\0';
    CU_ASSERT_STRING_EQUAL(recognised(text), "-");
    text[CIV_INDICATOR_LONGEST] = '\0';
    CU_ASSERT(strncmp(recognised(text), "other a", 7) == 0);
}

static void each_kind_has_a_name_and_a_lifetime(void)
{
    civ_indicator_kind_e kind;
    civ_indicator_flag_e flag;

    for (kind = 0; kind < CIV_INDICATOR_KINDS; kind++) {
        CU_ASSERT(civ_indicator_kind_name(kind) != NULL);
        CU_ASSERT(civ_indicator_days(kind) >= 1 && civ_indicator_days(kind) <= 3650);
    }
    CU_ASSERT(civ_indicator_flag_name(CIV_FLAG_NONE) == NULL);
    for (flag = CIV_FLAG_NONE + 1; flag < CIV_FLAGS; flag++)
        CU_ASSERT(civ_indicator_flag_name(flag) != NULL && civ_indicator_flag_reason(flag) != NULL);
}

/* Each pattern of the shared mapping names the value as it is written here. */
static void shared_cases(void)
{
    static const civ_json_limits_t limits = {1 << 20, 32, 100000, 100};
    const char *shared = test_shared_dir();
    const civ_json_t *root = NULL, *list;
    unsigned long length;
    apr_size_t i;
    char *text;

    if (!shared) {
        test_note("skipped: no shared data");
        return;
    }
    text = test_read_file(apr_pstrcat(test_pool(), shared, "/vectors/federation/stix-mapping.json", NULL),
                          &length);
    CU_ASSERT_FATAL(text != NULL);
    CU_ASSERT_FATAL(civ_json_parse(&root, text, length, &limits, NULL, test_pool()) == APR_SUCCESS);
    list = civ_json_get(root, "pattern_cases");
    CU_ASSERT_FATAL(list != NULL && list->as.array.count >= 13);
    for (i = 0; i < list->as.array.count; i++) {
        const char *value = civ_json_get_text(&list->as.array.items[i], "indicator");
        const char *pattern = civ_json_get_text(&list->as.array.items[i], "pattern");
        civ_indicator_t indicator;

        CU_ASSERT_FATAL(civ_indicator_recognise(&indicator, value, test_pool()) == APR_SUCCESS);
        if (strncmp(value, "pkg:", 4) == 0) { /* taken for a mail address there */
            CU_ASSERT_EQUAL(indicator.kind, CIV_INDICATOR_OTHER);
        } else if (!pattern) {
            CU_ASSERT(indicator.kind == CIV_INDICATOR_OTHER || indicator.kind == CIV_INDICATOR_CVE);
        } else {
            CU_ASSERT(indicator.kind != CIV_INDICATOR_OTHER);
            CU_ASSERT(strchr(pattern, '\\') ||
                      strstr(pattern, apr_pstrcat(test_pool(), "'", indicator.value, "'", NULL)));
        }
    }
}

static const test_case_t cases[] = {
    {"addresses", addresses},
    {"networks", networks},
    {"addresses_that_can_hardly_be_one", addresses_that_can_hardly_be_one},
    {"domains", domains},
    {"names_have_bounds", names_have_bounds},
    {"urls", urls},
    {"mail_addresses", mail_addresses},
    {"digests_and_vulnerabilities", digests_and_vulnerabilities},
    {"defanged", defanged},
    {"what_is_refused", what_is_refused},
    {"each_kind_has_a_name_and_a_lifetime", each_kind_has_a_name_and_a_lifetime},
    {"shared_cases", shared_cases},
    {NULL, NULL},
};

const test_suite_t federation_indicator_suite = {"federation_indicator", NULL, NULL, cases};
