/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_url.c
 * URLs: what is refused, and that the rest stays as it was.
 */
#include "unit/http_fixture.h"

#include "base/json_syntax.h"
#include "base/status.h"
#include "sync/url.h"

#include <apr_strings.h>

#include <string.h>

static void good_urls(void)
{
    static const struct {
        const char *text, *sent, *host, *path;
        int is_https, is_literal, port;
    } rows[] = {
        {"https://h.example", "https://h.example", "h.example", "", 1, 0, 443},
        {"HTTP://H.Example:8080/A/%2F?b#c", "HTTP://H.Example:8080/A/%2F?b", "h.example", "/A/%2F?b", 0, 0,
         8080},
        {"https://h.example?a=//@:", "https://h.example?a=//@:", "h.example", "?a=//@:", 1, 0, 443},
        {"https://h_1.example/@a:b", "https://h_1.example/@a:b", "h_1.example", "/@a:b", 1, 0, 443},
        {"http://93.184.215.14/", "http://93.184.215.14/", "93.184.215.14", "/", 0, 1, 80},
        {"https://[2001:DB8::1]:8443/", "https://[2001:DB8::1]:8443/", "2001:db8::1", "/", 1, 1, 8443},
        {"https://1.example/", "https://1.example/", "1.example", "/", 1, 0, 443},
        {"https://0xg.0xz/", "https://0xg.0xz/", "0xg.0xz", "/", 1, 0, 443},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *reason = NULL;
        civ_url_t url;

        CU_ASSERT_EQUAL_FATAL(civ_url_parse(&url, rows[i].text, &reason, test_pool()), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(url.text, rows[i].sent);
        CU_ASSERT_STRING_EQUAL(url.host, rows[i].host);
        CU_ASSERT_STRING_EQUAL(url.path, rows[i].path);
        CU_ASSERT_EQUAL(url.is_https, rows[i].is_https);
        CU_ASSERT_EQUAL(url.is_literal, rows[i].is_literal);
        CU_ASSERT_EQUAL(url.port, rows[i].port);
    }
}

static void bad_urls(void)
{
    static const char *const rows[] = {
        "",
        "h.example",
        "//h.example/",
        "ftp://h.example/",
        "file:///etc/passwd",
        "https:/h.example/",
        "https://",
        "https:///x",
        "https://?x",
        "https://#x",
        "https://:443/",
        "https://u@h.example/",
        "https://u:p@h.example/",
        "https://h.example:0/",
        "https://h.example:65536/",
        "https://h.example:/",
        "https://h.example:443x/",
        "https://h.example:4 43/",
        "https://h.example:-1/",
        "https://h.example:000443/",
        "https://h example/",
        "https://h.example/a b",
        "https://h.example/a\tb",
        "https://h.example\r\nX: y/",
        "https://h.example\\@127.0.0.1/",
        "https://h.example/\\",
        "https://h.example/\xc3\xa4",
        "https://h\xc3\xa4.example/",
        "https://h.example\x7f/",
        "https://h..example/",
        "https://.example/",
        "https://h.example./",
        "https://h%2eexample/",
        "https://h,example/",
        "https://[::1/",
        "https://::1/",
        "https://[::1]x/",
        "https://[::1]:/",
        "https://[127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://[]/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1.1/",
        "https://127.0.0.01/",
        "https://256.0.0.1/",
        "https://0x7f000001/",
        "https://a.0x10/",
        "https://example.1/",
        "https://127.0.0.0x1/",
        "https://1.2.3.4.5/",
        "https://0/",
        "https://0x/",
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *reason = NULL;
        civ_url_t url;

        if (civ_url_parse(&url, rows[i], &reason, test_pool()) != CIV_EINVALID) {
            test_note("taken: %s", rows[i]);
            CU_FAIL("a URL that must be refused is taken");
        }
        CU_ASSERT_PTR_NOT_NULL(reason);
    }
}

/* Whoever has given a URL is told what to mend. */
static void reasons(void)
{
    static const struct {
        const char *text;
        const char *word;
    } rows[] = {
        {"https://u:p@h.example/", "user name"}, {"https://h.example\\@x/", "backslash"},
        {"https://2130706433/", "four decimal"}, {"https://h.example/\xc3\xa4", "%XX"},
        {"https://[fe80::1%eth0]/", "IPv6"},     {"https:///x", "no host"},
        {"https://h.example:0/", "port"},        {"ftp://h.example/", "http or https"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *reason = "";
        civ_url_t url;

        CU_ASSERT_EQUAL(civ_url_parse(&url, rows[i].text, &reason, test_pool()), CIV_EINVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(reason, rows[i].word));
    }
}

static void lengths(void)
{
    char *text = apr_palloc(test_pool(), CIV_URL_MOST + 2);
    const char *reason;
    civ_url_t url;

    memset(text, 'a', CIV_URL_MOST + 1);
    memcpy(text, "https://h/", 10);
    text[CIV_URL_MOST + 1] = '\0';
    CU_ASSERT_EQUAL(civ_url_parse(&url, text, &reason, test_pool()), CIV_EINVALID);
    text[CIV_URL_MOST] = '\0';
    CU_ASSERT_EQUAL(civ_url_parse(&url, text, &reason, test_pool()), APR_SUCCESS);
    text[400] = '\0';
    memcpy(text, "https://hh", 10);
    CU_ASSERT_EQUAL(civ_url_parse(&url, text, &reason, test_pool()), CIV_EINVALID);
}

/* RFC 3986 section 5.4, but for what has another scheme and for dots in absolute paths, which stay. */
static void references(void)
{
    static const char *const rows[][2] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {"g?y#s", "http://a/b/c/g?y"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"http://x/y", "http://x/y"},
        {"/./g", "http://a/./g"},
    };
    const char *reason;
    civ_url_t other;
    civ_url_t base;
    size_t i;

    CU_ASSERT_EQUAL_FATAL(civ_url_parse(&base, "http://a/b/c/d;p?q", &reason, test_pool()), APR_SUCCESS);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        civ_url_t url = {0};

        CU_ASSERT_EQUAL(civ_url_resolve(&url, &base, rows[i][0], &reason, test_pool()), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(url.text, rows[i][1]);
    }
    CU_ASSERT_EQUAL(civ_url_resolve(&other, &base, "javascript:x", &reason, test_pool()), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_url_resolve(&other, &base, "//u@h/", &reason, test_pool()), CIV_EINVALID);
}

static void origins(void)
{
    static const struct {
        const char *left, *right;
        int is_same;
    } rows[] = {
        {"https://h.example/a", "https://H.EXAMPLE:443/b", 1},
        {"http://h.example/", "https://h.example/", 0},
        {"http://h.example/", "http://h.example:8080/", 0},
        {"https://h.example/", "https://h.example.org/", 0},
        {"https://[::1]/", "https://[0:0::1]/", 1},
        {"http://127.0.0.1/", "http://127.0.0.2/", 0},
        {"https://h.example:80/", "http://h.example/", 0},
    };
    const char *reason;
    civ_url_t left;
    civ_url_t right;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_EQUAL_FATAL(civ_url_parse(&left, rows[i].left, &reason, test_pool()), APR_SUCCESS);
        CU_ASSERT_EQUAL_FATAL(civ_url_parse(&right, rows[i].right, &reason, test_pool()), APR_SUCCESS);
        CU_ASSERT_EQUAL(civ_url_same_origin(&left, &right), rows[i].is_same);
        CU_ASSERT_EQUAL(civ_url_same_origin(&right, &left), rows[i].is_same);
    }
}

static void encoding(void)
{
    CU_ASSERT_STRING_EQUAL(civ_url_encode("aZ09-._~", test_pool()), "aZ09-._~");
    CU_ASSERT_STRING_EQUAL(civ_url_encode("a/b c+d:e{f}%,\xc3\xa4", test_pool()),
                           "a%2Fb%20c%2Bd%3Ae%7Bf%7D%25%2C%C3%A4");
    CU_ASSERT_STRING_EQUAL(civ_url_encode("feature%2Fx", test_pool()), "feature%252Fx");
    CU_ASSERT_STRING_EQUAL(civ_url_encode("", test_pool()), "");
}

static void complete_json(void)
{
    static const char *const whole[] = {
        "{}",        "[]",   " [1,2] \n",         "\"a\"",
        "12",        "null", "{\"a\":1,\"a\":2}", "[12345678901234567890123, \"\\ud83d\"]",
        "[\"\xff\"]"};
    static const char *const broken[] = {"",     " ",     "{",   "[1",      "[1,]",   "{\"a\"}", "[1] [2]",
                                         "[1]x", "\"abc", "nul", "{\"a\":", "<html>", "[1}"};
    char deep[600];
    size_t i;

    for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
        CU_ASSERT_TRUE(civ_json_is_complete(whole[i], strlen(whole[i])));
    for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        if (civ_json_is_complete(broken[i], strlen(broken[i]))) {
            test_note("complete: %s", broken[i]);
            CU_FAIL("no JSON is taken for JSON");
        }
    }
    memset(deep, '[', 256);
    memset(deep + 256, ']', 256);
    CU_ASSERT_TRUE(civ_json_is_complete(deep, 512));
    memset(deep, '[', 257);
    memset(deep + 257, ']', 257);
    CU_ASSERT_FALSE(civ_json_is_complete(deep, 514));
}

static const test_case_t cases[] = {
    {"good_urls", good_urls}, {"bad_urls", bad_urls},           {"reasons", reasons},
    {"lengths", lengths},     {"references", references},       {"origins", origins},
    {"encoding", encoding},   {"complete_json", complete_json}, {NULL, NULL},
};
const test_suite_t http_url_suite = {"http_url", NULL, NULL, cases};
