/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_egress.c
 * Which servers may be connected to.
 */
#include "unit/http_fixture.h"

#include "base/status.h"
#include "unit/signature_fixture.h"

#include <apr_strings.h>

#include <string.h>

/* NULL: allowed; else why not. */
static const char *fault_of(const civ_egress_t *egress, const char *text)
{
    const char *reason = "";
    civ_url_t url;

    if (civ_url_parse(&url, text, &reason, test_pool()) != APR_SUCCESS)
        return reason;
    return civ_egress_check(egress, &url, &reason, test_pool()) == APR_SUCCESS ? NULL : reason;
}

static void expect(const civ_egress_t *egress, const char *text, int is_allowed)
{
    const char *fault = fault_of(egress, text);

    if ((fault == NULL) != is_allowed) {
        test_note("%s: %s", text, fault != NULL ? fault : "allowed");
        CU_FAIL("the guard decides otherwise");
    }
}

static civ_egress_t *plain_http(const char *const *allow)
{
    civ_egress_config_t config = {0};
    civ_egress_t *egress;
    const char *error;

    config.allow = allow;
    config.plain_http = 1;
    CU_ASSERT_EQUAL_FATAL(civ_egress_create(&egress, &config, &error, test_pool()), APR_SUCCESS);
    return egress;
}

/* The first and the last address of each block that is not public, and their neighbours outside. */
static const char *const private_ones[] = {"0.0.0.0",
                                           "0.255.255.255",
                                           "10.0.0.0",
                                           "10.255.255.255",
                                           "100.64.0.0",
                                           "100.127.255.255",
                                           "127.0.0.0",
                                           "127.255.255.255",
                                           "169.254.0.0",
                                           "169.254.255.255",
                                           "172.16.0.0",
                                           "172.31.255.255",
                                           "192.0.0.0",
                                           "192.0.0.255",
                                           "192.0.2.0",
                                           "192.0.2.255",
                                           "192.88.99.0",
                                           "192.88.99.255",
                                           "192.168.0.0",
                                           "192.168.255.255",
                                           "198.18.0.0",
                                           "198.19.255.255",
                                           "198.51.100.0",
                                           "198.51.100.255",
                                           "203.0.113.0",
                                           "203.0.113.255",
                                           "224.0.0.0",
                                           "239.255.255.255",
                                           "240.0.0.0",
                                           "255.255.255.255",
                                           "::",
                                           "::1",
                                           "::2",
                                           "::127.0.0.1",
                                           "::ffff:127.0.0.1",
                                           "::ffff:10.0.0.1",
                                           "::ffff:0:10.0.0.1",
                                           "64:ff9b::10.0.0.1",
                                           "64:ff9b::7f00:1",
                                           "64:ff9b:1::1",
                                           "100::1",
                                           "2001::1",
                                           "2001:1ff:ffff::1",
                                           "2001:db8::1",
                                           "2001:db8:ffff::1",
                                           "2002:7f00:1::",
                                           "2002:a00:1::1",
                                           "3fff::1",
                                           "3fff:fff::1",
                                           "4000::1",
                                           "5f00::1",
                                           "fc00::1",
                                           "fdff:ffff::1",
                                           "fe80::1",
                                           "febf::1",
                                           "fec0::1",
                                           "feff::1",
                                           "ff00::1",
                                           "ffff:ffff::1",
                                           "1fff::1"};
static const char *const public_ones[] = {"1.0.0.0",
                                          "9.255.255.255",
                                          "11.0.0.0",
                                          "100.63.255.255",
                                          "100.128.0.0",
                                          "126.255.255.255",
                                          "128.0.0.0",
                                          "169.253.255.255",
                                          "169.255.0.0",
                                          "172.15.255.255",
                                          "172.32.0.0",
                                          "191.255.255.255",
                                          "192.0.1.0",
                                          "192.0.3.0",
                                          "192.88.98.255",
                                          "192.88.100.0",
                                          "192.167.255.255",
                                          "192.169.0.0",
                                          "198.17.255.255",
                                          "198.20.0.0",
                                          "198.51.99.255",
                                          "198.51.101.0",
                                          "203.0.112.255",
                                          "203.0.114.0",
                                          "223.255.255.255",
                                          "::ffff:93.184.215.14",
                                          "64:ff9b::93.184.215.14",
                                          "2001:200::1",
                                          "2001:db7::1",
                                          "2001:db9::1",
                                          "2002:5db8:d70e::1",
                                          "2606:4700::1",
                                          "2a00:1450::1",
                                          "3ffe::1",
                                          "3fff:1000::1"};

static void kinds_of_addresses(void)
{
    civ_address_t address;
    char text[CIV_ADDRESS_SIZE];
    size_t i;

    for (i = 0; i < sizeof(private_ones) / sizeof(private_ones[0]); i++) {
        CU_ASSERT_EQUAL_FATAL(civ_address_parse(&address, private_ones[i]), APR_SUCCESS);
        if (civ_address_kind(&address) == NULL) {
            test_note("public: %s", private_ones[i]);
            CU_FAIL("an address that is not public is taken for one");
        }
    }
    for (i = 0; i < sizeof(public_ones) / sizeof(public_ones[0]); i++) {
        CU_ASSERT_EQUAL_FATAL(civ_address_parse(&address, public_ones[i]), APR_SUCCESS);
        if (civ_address_kind(&address) != NULL) {
            test_note("%s: %s", civ_address_format(text, &address), civ_address_kind(&address));
            CU_FAIL("a public address is not taken for one");
        }
    }
}

/* Without a list: whatever is public, over https, on the usual ports. */
static void without_a_list(void)
{
    const civ_egress_t *egress = fixture_egress(NULL);

    expect(egress, "https://example.com/fed/", 1);
    expect(egress, "https://example.com:8443/fed/", 1);
    expect(egress, "https://93.184.215.14/", 1);
    expect(egress, "https://[2606:4700::1]/", 1);
    expect(egress, "http://example.com/", 0);
    expect(egress, "https://example.com:22/", 0);
    expect(egress, "https://example.com:6379/", 0);
    expect(egress, "https://127.0.0.1/", 0);
    expect(egress, "https://127.0.0.1:8443/", 0);
    expect(egress, "https://[::1]/", 0);
    expect(egress, "https://[::ffff:7f00:1]/", 0);
    expect(egress, "https://[2002:7f00:1::]/", 0);
    expect(egress, "https://[64:ff9b::a9fe:a9fe]/", 0);
    expect(egress, "https://169.254.169.254/", 0);
    expect(egress, "https://168.63.129.16/", 0);
    expect(egress, "https://localhost/", 0);
    expect(egress, "https://LOCALHOST/", 0);
    expect(egress, "https://a.localhost/", 0);
    expect(egress, "https://localhost./", 0);
    expect(egress, "https://ci.internal/", 0);
    expect(egress, "https://printer.local/", 0);
    expect(egress, "https://nas.home.arpa/", 0);
    expect(egress, "https://metadata/", 0);
    expect(egress, "https://metadata.google.internal/", 0);
    expect(egress, "https://notlocal.example/", 1);
    expect(egress, "https://thelocal/", 1);
    expect(plain_http(NULL), "http://example.com/", 1);
    expect(plain_http(NULL), "http://127.0.0.1/", 0);
}

static void with_a_list(void)
{
    static const char *const allow[] = {"10.1.0.0/16",    "fd00::/8",   "Jenkins.Corp",    "gitlab.corp:8929",
                                        "192.168.7.7",    "[::1]:8080", "172.16.0.1:9000", "fd12::1",
                                        "169.254.0.0/16", NULL};
    const civ_egress_t *egress = fixture_egress(allow);

    expect(egress, "https://10.1.2.3/", 1);
    expect(egress, "http://10.1.2.3:12345/", 1);
    expect(egress, "https://[::ffff:10.1.2.3]/", 1);
    expect(egress, "https://10.2.0.0/", 0);
    expect(egress, "https://[fdab::1]/", 1);
    expect(egress, "https://[fc00::1]/", 0);
    expect(egress, "http://jenkins.corp:8081/", 1);
    expect(egress, "https://JENKINS.CORP/", 1);
    expect(egress, "https://other.corp/", 0);
    expect(egress, "https://x.jenkins.corp/", 0);
    expect(egress, "https://gitlab.corp:8929/", 1);
    expect(egress, "https://gitlab.corp/", 0);
    expect(egress, "http://192.168.7.7:1/", 1);
    expect(egress, "https://192.168.7.8/", 0);
    expect(egress, "http://[::1]:8080/", 1);
    expect(egress, "https://[::1]/", 0);
    expect(egress, "http://172.16.0.1:9000/", 1);
    expect(egress, "http://172.16.0.1:80/", 0);
    expect(egress, "https://169.254.1.1/", 1);
    expect(egress, "https://169.254.169.254/", 0);
    expect(egress, "http://example.com/", 0);
}

/* Who reads why a name is refused has to learn that what it leads to does not vouch for it. */
static void private_names_vouch_for_themselves(void)
{
    static const char *const everything[] = {"0.0.0.0/0", "::/0", "10.0.0.1", NULL};
    static const char *const named[] = {"ci.internal", NULL};
    const char *fault = fault_of(fixture_egress(everything), "https://ci.internal/");

    CU_ASSERT_PTR_NOT_NULL_FATAL(fault);
    CU_ASSERT_PTR_NOT_NULL(strstr(fault, "list the name itself"));
    CU_ASSERT_PTR_NOT_NULL(strstr(fault, "CivarcosEgressAllow"));
    expect(fixture_egress(named), "https://ci.internal/", 1);
    /* For a name that leads to what is listed, port and scheme are still to be allowed. */
    expect(fixture_egress(everything), "https://ci.example:8443/", 1);
    expect(fixture_egress(everything), "https://ci.example:9000/", 0);
    expect(fixture_egress(everything), "http://ci.example/", 0);
}

/* A metadata service is meant only by who names it. */
static void metadata_by_name(void)
{
    static const char *const address[] = {"169.254.169.254", NULL};
    static const char *const block[] = {"0.0.0.0/0", "::/0", NULL};

    expect(fixture_egress(address), "http://169.254.169.254/", 1);
    expect(fixture_egress(block), "http://169.254.169.254/", 0);
    expect(fixture_egress(block), "http://[::ffff:169.254.169.254]/", 0);
    expect(fixture_egress(block), "http://[fd00:ec2::254]/", 0);
    expect(fixture_egress(block), "http://127.0.0.1/", 1);
}

static void entries(void)
{
    static const char *const good[] = {"h",        "h.example:1", "10.0.0.0/8",  "0.0.0.0/0",
                                       "10.0.0.1", "10.0.0.1:80", "10.0.0.1/32", "::1",
                                       "[::1]",    "[::1]:443",   "fd00::/8",    "::/0"};
    static const char *const bad[] = {
        "",           "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0/8", "fd00::1/8",     "::/129",
        "h/8",        "*.example",  "h:0",         "h:",        "u@h",    "http://h",      "h h",
        "10.0.0.256", "0177.0.0.1", "::g",         "h?x",       "h#x",    "10.0.0.0/8:80", "h:1:2"};
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const char *fault = civ_egress_entry_fault(good[i], test_pool());

        if (fault != NULL) {
            test_note("%s %s", good[i], fault);
            CU_FAIL("a good entry is refused");
        }
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *list[] = {bad[i], NULL};
        civ_egress_config_t config = {0};
        const char *error = NULL;
        civ_egress_t *egress;

        config.allow = list;
        if (civ_egress_entry_fault(bad[i], test_pool()) == NULL) {
            test_note("taken: %s", bad[i]);
            CU_FAIL("a bad entry is taken");
        }
        CU_ASSERT_EQUAL(civ_egress_create(&egress, &config, &error, test_pool()), CIV_EINVALID);
        CU_ASSERT_PTR_NOT_NULL_FATAL(error);
        CU_ASSERT_PTR_NOT_NULL(strstr(error, bad[i]));
    }
}

/* --- names --- */

/* A resolver with one name: a list of addresses, separated by spaces. */
static apr_status_t resolve(void *baton, const char *name, civ_address_t *addresses, int most, int *count)
{
    char *rest = apr_pstrdup(test_pool(), baton);
    char *word;

    (void)name;
    *count = 0;
    while ((word = apr_strtok(rest, " ", &rest)) != NULL) {
        if (*count < most && civ_address_parse(&addresses[*count], word) != APR_SUCCESS)
            return APR_EGENERAL;
        ++*count;
    }
    return *count > 0 ? APR_SUCCESS : APR_NOTFOUND;
}

static apr_status_t look_up(const char *url_text, const char *answers, const char *const *allow, int *count)
{
    civ_address_t addresses[CIV_EGRESS_ADDRESSES];
    civ_egress_config_t config = {0};
    civ_egress_t *egress;
    const char *reason = NULL;
    apr_status_t status;
    civ_url_t url;

    config.allow = allow;
    config.resolver = resolve;
    config.resolver_baton = (void *)(apr_uintptr_t)answers;
    CU_ASSERT_EQUAL_FATAL(civ_egress_create(&egress, &config, &reason, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_url_parse(&url, url_text, &reason, test_pool()), APR_SUCCESS);
    status = civ_egress_resolve(egress, &url, addresses, count, NULL, NULL, &reason, test_pool());
    CU_ASSERT(status == APR_SUCCESS || reason != NULL);
    /* What the network looks like inside is not told. */
    CU_ASSERT(status == APR_SUCCESS || strstr(reason, "10.0.0.5") == NULL);
    return status;
}

static void names_and_their_addresses(void)
{
    static const char *const block[] = {"10.0.0.0/8", NULL};
    static const char *const name[] = {"ci.example", NULL};
    char *many = apr_pstrdup(test_pool(), "93.184.215.14");
    int count = 0;
    int i;

    CU_ASSERT_EQUAL(look_up("https://ci.example/", "93.184.215.14 2606:4700::1", NULL, &count), APR_SUCCESS);
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_EQUAL(look_up("https://ci.example/", "10.0.0.5", NULL, &count), CIV_EINVALID);
    CU_ASSERT_EQUAL(look_up("https://ci.example/", "93.184.215.14 10.0.0.5", NULL, &count), CIV_EINVALID);
    CU_ASSERT_EQUAL(look_up("https://ci.example/", "93.184.215.14 ::1", NULL, &count), CIV_EINVALID);
    CU_ASSERT_EQUAL(look_up("https://ci.example/", "", NULL, &count), APR_NOTFOUND);
    CU_ASSERT_EQUAL(look_up("https://ci.example/", "10.0.0.5 10.0.0.6", block, &count), APR_SUCCESS);
    CU_ASSERT_EQUAL(look_up("https://ci.example/", "10.0.0.5 192.168.0.1", block, &count), CIV_EINVALID);
    CU_ASSERT_EQUAL(look_up("https://ci.example/", "10.0.0.5 192.168.0.1", name, &count), APR_SUCCESS);
    CU_ASSERT_EQUAL(look_up("https://ci.example/", "169.254.169.254", name, &count), CIV_EINVALID);
    CU_ASSERT_EQUAL(look_up("https://93.184.215.14/", "10.0.0.5", NULL, &count), APR_SUCCESS);
    CU_ASSERT_EQUAL(count, 1);
    for (i = 1; i < CIV_EGRESS_ADDRESSES; i++)
        many = apr_pstrcat(test_pool(), many, " 93.184.215.14", NULL);
    CU_ASSERT_EQUAL(look_up("https://ci.example/", many, NULL, &count), APR_SUCCESS);
    many = apr_pstrcat(test_pool(), many, " 93.184.215.14", NULL);
    CU_ASSERT_EQUAL(look_up("https://ci.example/", many, NULL, &count), CIV_EINVALID);
}

static int always(void *baton)
{
    (void)baton;
    return 1;
}

/* The system's resolver, as far as a machine without a network has one. */
static void names_of_this_machine(void)
{
    static const char *const allow[] = {"localhost", NULL};
    civ_address_t addresses[CIV_EGRESS_ADDRESSES];
    const civ_egress_t *egress = fixture_egress(allow);
    const char *reason = NULL;
    civ_url_t url;
    int count = 0;
    int i;

    CU_ASSERT_EQUAL_FATAL(civ_url_parse(&url, "https://localhost/", &reason, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(
        civ_egress_resolve(egress, &url, addresses, &count, NULL, NULL, &reason, test_pool()), APR_SUCCESS);
    CU_ASSERT(count >= 1);
    for (i = 0; i < count; i++)
        CU_ASSERT_STRING_EQUAL(civ_address_kind(&addresses[i]), "a loopback address");
    /* Whoever is told to stop at once gets one of both, and never hangs. */
    i = civ_egress_resolve(egress, &url, addresses, &count, always, NULL, &reason, test_pool());
    CU_ASSERT(i == APR_SUCCESS || i == CIV_EINTERRUPTED);
}

/* --- published vectors --- */

/* The first answer is what counts: refused with any address that is not public, else connected to. */
static void vectors_of_names(const civ_json_t *root)
{
    const civ_json_t *list = signature_array(root, "dns");
    apr_size_t i;
    apr_size_t k;

    for (i = 0; i < list->as.array.count; i++) {
        const civ_json_t *item = &list->as.array.items[i];
        const civ_json_t *answers = civ_json_get(item, "answers");
        const char *url = apr_pstrcat(test_pool(), "https://", signature_text(item, "name"), "/", NULL);
        const char *text = "";
        int is_public = 1;
        int count = 0;

        for (k = 0; answers != NULL && k < answers->as.array.items[0].as.array.count; k++) {
            const char *address = answers->as.array.items[0].as.array.items[k].as.text.text;

            text = apr_pstrcat(test_pool(), text, " ", address, NULL);
            is_public &= strncmp(address, "10.", 3) != 0;
        }
        if (answers != NULL) {
            CU_ASSERT_EQUAL(look_up(url, text, NULL, &count), is_public ? APR_SUCCESS : CIV_EINVALID);
        } else {
            expect(plain_http(NULL), signature_text(item, "redirect_to"), 0);
        }
    }
    CU_ASSERT(i >= 3);
}

static void vectors(void)
{
    const civ_json_t *root = signature_vectors("ssrf.json");
    const civ_json_t *list;
    apr_size_t i;

    if (root == NULL)
        return;
    list = signature_array(root, "literals");
    for (i = 0; i < list->as.array.count; i++) {
        const civ_json_t *item = &list->as.array.items[i];

        expect(plain_http(NULL), signature_text(item, "url"), civ_json_get(item, "allow")->as.boolean);
    }
    CU_ASSERT(i >= 25);
    list = signature_array(root, "deny_cidr");
    for (i = 0; i < list->as.array.count; i++) {
        const char *text = list->as.array.items[i].as.text.text;
        char *first = apr_pstrmemdup(test_pool(), text, strcspn(text, "/"));
        civ_address_t address;

        CU_ASSERT_EQUAL_FATAL(civ_address_parse(&address, first), APR_SUCCESS);
        CU_ASSERT_PTR_NOT_NULL(civ_address_kind(&address));
    }
    CU_ASSERT(i >= 28);
    vectors_of_names(root);
}

static const test_case_t cases[] = {
    {"kinds_of_addresses", kinds_of_addresses},
    {"without_a_list", without_a_list},
    {"with_a_list", with_a_list},
    {"private_names_vouch_for_themselves", private_names_vouch_for_themselves},
    {"metadata_by_name", metadata_by_name},
    {"entries", entries},
    {"names_and_their_addresses", names_and_their_addresses},
    {"names_of_this_machine", names_of_this_machine},
    {"vectors", vectors},
    {NULL, NULL},
};
const test_suite_t http_egress_suite = {"http_egress", NULL, NULL, cases};
