/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_webhook_proof.c
 * Deliveries, good and forged, as each platform proves them.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/encoding.h"
#include "base/status.h"
#include "support/runner.h"
#include "sync/fields.h"
#include "sync/webhook.h"
#include "unit/sync_webhooks.h"
#include "unit/unit_support.h"

static civ_problem_t problem;

#define GITHUB_SECRET "It's a Secret to Everybody"
#define GITHUB_HEX    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
#define GITHUB_UPPER  "757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17"
#define HELLO         "Hello, World!"
#define BUCKET_HEX    "ef3d9437b1937a634de5e4d824bcdfc07bab7ab4fc96970af0551048b92a3560"
#define BUCKET_BODY   "{\"push\":{}}"
#define CIRCLE_HEX    "734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a"
#define CIRCLE_BODY   "hello world"
#define SIGNING       "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define SIGNED_BODY   "{\"project\":{\"id\":15}}"
#define SIGNED_VALUE  "v1,ufqCa87j8dCsRGGt3q9JItO9yKSat9xVEKoFbyFbWcg="
#define SIGNED_TIME   "1775001600"

/* Headers are "Name: value" lines. */
typedef struct proof_t {
    const char *platform, *secret, *headers, *body;
    int is_good;
} proof_t;

static int is_proven(const proof_t *proof, apr_int64_t now)
{
    civ_webhook_t webhook = sync_webhook(proof->headers, proof->body);
    civ_json_t secret = {.type = CIV_JSON_STRING};
    apr_status_t status;

    secret.as.text.text = proof->secret;
    secret.as.text.length = proof->secret != NULL ? strlen(proof->secret) : 0;
    webhook.now = now;
    memset(&problem, 0, sizeof(problem));
    status = civ_webhook_prove(proof->platform, proof->secret != NULL ? &secret : NULL, &webhook, &problem,
                               test_pool());
    if (status != APR_SUCCESS) {
        CU_ASSERT_EQUAL(status, CIV_EINVALID);
        CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_FORBIDDEN);
        CU_ASSERT_TRUE(proof->secret == NULL || proof->secret[0] == '\0' ||
                       strcmp(proof->secret, "secret") == 0 || strstr(problem.detail, proof->secret) == NULL);
    }
    return status == APR_SUCCESS;
}

static void check(const proof_t *proofs, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        int is_good = is_proven(&proofs[i], 1775001600000);

        CU_ASSERT_EQUAL(is_good, proofs[i].is_good);
        if (is_good != proofs[i].is_good)
            test_note("%s: %s", proofs[i].platform, proofs[i].headers);
    }
}

#define CHECK(proofs) check(proofs, (int)(sizeof(proofs) / sizeof((proofs)[0])))

static void test_github(void)
{
    static const proof_t proofs[] = {
        {"github", GITHUB_SECRET, "X-Hub-Signature-256: sha256=" GITHUB_HEX, HELLO, 1},
        {"github", GITHUB_SECRET, "x-hub-signature-256: sha256=" GITHUB_UPPER, HELLO, 1},
        {"github", GITHUB_SECRET, "X-Hub-Signature-256: sha256=" GITHUB_HEX, "Hello, world!", 0},
        {"github", GITHUB_SECRET, "X-Hub-Signature-256: sha256=" GITHUB_HEX, HELLO "\n", 0},
        {"github", GITHUB_SECRET " ", "X-Hub-Signature-256: sha256=" GITHUB_HEX, HELLO, 0},
        {"github", "another", "X-Hub-Signature-256: sha256=" GITHUB_HEX, HELLO, 0},
        {"github", GITHUB_SECRET, "X-Hub-Signature-256: sha256=" GITHUB_HEX "00", HELLO, 0},
        {"github", GITHUB_SECRET,
         "X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e16",
         HELLO, 0},
        {"github", GITHUB_SECRET,
         "X-Hub-Signature-256: sha256=657107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
         HELLO, 0},
        {"github", GITHUB_SECRET, "X-Hub-Signature-256: sha256=75", HELLO, 0},
        {"github", GITHUB_SECRET, "X-Hub-Signature-256: sha256=", HELLO, 0},
        {"github", GITHUB_SECRET, "X-Hub-Signature-256: " GITHUB_HEX, HELLO, 0},
        {"github", GITHUB_SECRET, "X-Hub-Signature-256: sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59", HELLO,
         0},
        {"github", GITHUB_SECRET, "X-Hub-Signature: sha256=" GITHUB_HEX, HELLO, 0},
        {"github", GITHUB_SECRET, "", HELLO, 0},
        /* No secret proves nothing, whatever is signed with nothing. */
        {"github", "",
         "X-Hub-Signature-256: sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", "",
         0},
        {"github", NULL, "X-Hub-Signature-256: sha256=" GITHUB_HEX, HELLO, 0},
        {"elsewhere", GITHUB_SECRET, "X-Hub-Signature-256: sha256=" GITHUB_HEX, HELLO, 0},
    };

    CHECK(proofs);
}

/* GitHub's header of old is Bitbucket's, with another algorithm in it. */
static void test_bitbucket(void)
{
    static const proof_t proofs[] = {
        {"bitbucket", "bucket-secret", "X-Hub-Signature: sha256=" BUCKET_HEX, BUCKET_BODY, 1},
        {"bitbucket", "bucket-secret", "X-Hub-Signature-256: sha256=" BUCKET_HEX, BUCKET_BODY, 0},
        {"bitbucket", "bucket-secret", "X-Hub-Signature: sha1=" BUCKET_HEX, BUCKET_BODY, 0},
        {"bitbucket", "bucket-secret", "X-Hub-Signature: sha256=" BUCKET_HEX, "{\"push\": {}}", 0},
        {"bitbucket", "bucket-secret", "", BUCKET_BODY, 0},
    };

    CHECK(proofs);
}

static void test_circle_ci(void)
{
    static const proof_t proofs[] = {
        {"circle_ci", "secret", "circleci-signature: v1=" CIRCLE_HEX, CIRCLE_BODY, 1},
        {"circle_ci", "secret", "circleci-signature: v2=zz,v1=" CIRCLE_HEX, CIRCLE_BODY, 1},
        {"circle_ci", "secret", "circleci-signature: v1=" CIRCLE_HEX ", v3=77", CIRCLE_BODY, 1},
        {"circle_ci", "secret", "circleci-signature: v3=77, v1=" CIRCLE_HEX, CIRCLE_BODY, 1},
        {"circle_ci", "secret", "circleci-signature: v1=" BUCKET_HEX ",v1=" CIRCLE_HEX, CIRCLE_BODY, 1},
        {"circle_ci", "secret", "circleci-signature: v2=" CIRCLE_HEX, CIRCLE_BODY, 0},
        {"circle_ci", "secret", "circleci-signature: " CIRCLE_HEX, CIRCLE_BODY, 0},
        {"circle_ci", "secret", "circleci-signature: ,,", CIRCLE_BODY, 0},
        {"circle_ci", "secret", "circleci-signature: v1=" CIRCLE_HEX, "hello World", 0},
        {"circle_ci", "Secret", "circleci-signature: v1=" CIRCLE_HEX, CIRCLE_BODY, 0},
        {"circle_ci", "secret", "", CIRCLE_BODY, 0},
        {"circle_ci", "secret",
         "circleci-signature: v1=773ba44693c7553d6ee20f61ea5d2757a9a4f4a44d2841ae4e95b52e4cd62db4", "foo", 1},
        {"circle_ci", "another-secret",
         "circleci-signature: v1=daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00", "lalala",
         1},
    };

    CHECK(proofs);
}

#define SIGNED(id, time, value)                                                                              \
    "webhook-id: " id "\nwebhook-timestamp: " time "\nwebhook-signature: " value "\n"

static void test_gitlab(void)
{
    static const proof_t proofs[] = {
        {"gitlab", "a token", "X-Gitlab-Token: a token", "{}", 1},
        {"gitlab", "a token", "X-Gitlab-Token: a toke", "{}", 0},
        {"gitlab", "a token", "X-Gitlab-Token: a tokens", "{}", 0},
        {"gitlab", "a token", "X-Gitlab-Token: A token", "{}", 0},
        {"gitlab", "a token", "", "{}", 0},
        {"gitlab", SIGNING, SIGNED("msg_1", SIGNED_TIME, SIGNED_VALUE), SIGNED_BODY, 1},
        {"gitlab", SIGNING, SIGNED("msg_1", SIGNED_TIME, "v1,AAAA v2,BBBB " SIGNED_VALUE), SIGNED_BODY, 1},
        {"gitlab", SIGNING, SIGNED("msg_2", SIGNED_TIME, SIGNED_VALUE), SIGNED_BODY, 0},
        {"gitlab", SIGNING, SIGNED("msg_1", "1775001601", SIGNED_VALUE), SIGNED_BODY, 0},
        {"gitlab", SIGNING, SIGNED("msg_1", SIGNED_TIME, SIGNED_VALUE), "{\"project\":{\"id\":16}}", 0},
        {"gitlab", SIGNING, SIGNED("msg_1", SIGNED_TIME, "v1,"), SIGNED_BODY, 0},
        {"gitlab", SIGNING, SIGNED("msg_1", "", SIGNED_VALUE), SIGNED_BODY, 0},
        {"gitlab", SIGNING, SIGNED("msg_1", "-1775001600", SIGNED_VALUE), SIGNED_BODY, 0},
        {"gitlab", SIGNING, "webhook-id: msg_1\nwebhook-timestamp: " SIGNED_TIME "\n", SIGNED_BODY, 0},
        /* The weaker way is not taken where the stronger one is configured. */
        {"gitlab", SIGNING, "X-Gitlab-Token: " SIGNING, SIGNED_BODY, 0},
        {"gitlab", "whsec_", SIGNED("msg_1", SIGNED_TIME, SIGNED_VALUE), SIGNED_BODY, 0},
        {"gitlab", "whsec_", SIGNED("msg_1", SIGNED_TIME, "v1,M7g0UYPDEeozn2s9VnkUvY/H/r6KJgXC9EiLd3booEs="),
         SIGNED_BODY, 0}, /* by an empty key */
        {"gitlab", "whsec_@@@@", SIGNED("msg_1", SIGNED_TIME, SIGNED_VALUE), SIGNED_BODY, 0},
    };
    static const proof_t good = {"gitlab", SIGNING, SIGNED("msg_1", SIGNED_TIME, SIGNED_VALUE), SIGNED_BODY,
                                 1};
    static const proof_t forged = {"gitlab", SIGNING, SIGNED("msg_2", SIGNED_TIME, SIGNED_VALUE), SIGNED_BODY,
                                   0};

    CHECK(proofs);
    CU_ASSERT_TRUE(is_proven(&good, APR_INT64_C(1775001900000)));
    CU_ASSERT_FALSE(is_proven(&good, APR_INT64_C(1775001900001)));
    CU_ASSERT_TRUE(is_proven(&good, APR_INT64_C(1775001300000)));
    CU_ASSERT_FALSE(is_proven(&good, APR_INT64_C(1775001299999)));
    CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, "five minutes off"));
    CU_ASSERT_FALSE(is_proven(&good, APR_INT64_C(1775002000000)));
    CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, "compare the clocks"));
    /* Who does not know the secret is told nothing of the time. */
    CU_ASSERT_FALSE(is_proven(&forged, APR_INT64_C(1775002000000)));
    CU_ASSERT_PTR_NULL(strstr(problem.detail, "clocks"));
}

/* civarcos:hook-pass, other:hook-pass, civarcos:hook-pasS, hook-pass */
#define BASIC       "Y2l2YXJjb3M6aG9vay1wYXNz"
#define BASIC_OTHER "b3RoZXI6aG9vay1wYXNz"
#define BASIC_WRONG "Y2l2YXJjb3M6aG9vay1wYXNT"
#define BASIC_BARE  "aG9vay1wYXNz"

static void test_azure_and_jenkins(void)
{
    static const proof_t proofs[] = {
        {"azure_devops", "civarcos:hook-pass", "Authorization: Basic " BASIC, "{}", 1},
        {"azure_devops", "civarcos:hook-pass", "Authorization: basic  " BASIC, "{}", 1},
        {"azure_devops", "civarcos:hook-pass", "Authorization: Basic " BASIC_OTHER, "{}", 0},
        {"azure_devops", "civarcos:hook-pass", "Authorization: Basic " BASIC_WRONG, "{}", 0},
        {"azure_devops", "civarcos:hook-pass", "Authorization: Basic " BASIC_BARE, "{}", 0},
        {"azure_devops", "civarcos:hook-pass", "Authorization: Basic @", "{}", 0},
        {"azure_devops", "civarcos:hook-pass", "Authorization: Basic", "{}", 0},
        {"azure_devops", "civarcos:hook-pass", "Authorization: Basicx " BASIC, "{}", 0},
        {"azure_devops", "civarcos:hook-pass", "Authorization: Bearer civarcos:hook-pass", "{}", 0},
        {"azure_devops", "civarcos:hook-pass", "", "{}", 0},
        {"azure_devops", "hook-pass", "Authorization: Basic " BASIC, "{}", 1},
        {"azure_devops", "hook-pass", "Authorization: Basic " BASIC_OTHER, "{}", 1},
        {"azure_devops", "hook-pass", "Authorization: Basic " BASIC_WRONG, "{}", 0},
        {"azure_devops", "hook-pass", "Authorization: Basic " BASIC_BARE, "{}", 0},
        {"azure_devops", "", "Authorization: Basic Og==", "{}", 0},
        {"jenkins", "hook-pass", "Authorization: Bearer hook-pass", "{}", 1},
        {"jenkins", "hook-pass", "Authorization: bearer hook-pass", "{}", 1},
        {"jenkins", "hook-pass", "Authorization: Bearer hook-pas", "{}", 0},
        {"jenkins", "hook-pass", "Authorization: Bearer", "{}", 0},
        {"jenkins", "hook-pass", "Authorization: Basic " BASIC, "{}", 1},
        {"jenkins", "civarcos:hook-pass", "Authorization: Basic " BASIC, "{}", 1},
        {"jenkins", "civarcos:hook-pass", "Authorization: Basic " BASIC_OTHER, "{}", 0},
        {"jenkins", "hook-pass", "", "{}", 0},
        {"jenkins", "", "Authorization: Bearer ", "{}", 0},
    };

    CHECK(proofs);
}

/* A secret is bytes, and a body too. */
static void test_nuls_are_bytes(void)
{
    static const char body[] = "a\0b";
    civ_webhook_t webhook = sync_webhook(
        "X-Hub-Signature-256: sha256=b94782a7a702d6dbcd854fafbf0bf4d5c922ad71425427e258546641fd32cce5", "{}");
    civ_json_t secret = {.type = CIV_JSON_STRING};

    secret.as.text.text = body;
    secret.as.text.length = 3;
    CU_ASSERT_EQUAL(civ_webhook_prove("github", &secret, &webhook, &problem, test_pool()), APR_SUCCESS);
    secret.as.text.length = 1;
    CU_ASSERT_EQUAL(civ_webhook_prove("github", &secret, &webhook, &problem, test_pool()), CIV_EINVALID);
    secret.as.text.length = 3;
    webhook.body = "{}\0";
    webhook.length = 3;
    CU_ASSERT_EQUAL(civ_webhook_prove("github", &secret, &webhook, &problem, test_pool()), CIV_EINVALID);
}

/* --- shared vectors and recorded deliveries --- */

static const char *headers_of(const civ_json_t *entry)
{
    const civ_json_t *headers = civ_field(entry, "headers");
    const char *lines = "";
    apr_size_t i;

    if (civ_field_text(entry, "header") != NULL)
        lines = apr_pstrcat(test_pool(), civ_field_text(entry, "header"), ": ",
                            civ_field_text(entry, "header_value"), "\n", NULL);
    for (i = 0; headers != NULL && i < headers->as.object.count; i++)
        lines = apr_pstrcat(test_pool(), lines, headers->as.object.members[i].name, ": ",
                            headers->as.object.members[i].value.as.text.text, "\n", NULL);
    return lines;
}

static const civ_json_t *read_json(const char *path)
{
    unsigned long length;
    const char *shared = test_shared_dir();
    const char *text =
        shared != NULL ? test_read_file(apr_pstrcat(test_pool(), shared, path, NULL), &length) : NULL;
    const civ_json_t *json = NULL;

    if (text == NULL)
        test_note("skipped: no shared data");
    else
        CU_ASSERT_EQUAL_FATAL(
            civ_json_parse(&json, text, length, &civ_json_request_limits, &problem, test_pool()),
            APR_SUCCESS);
    return json;
}

static const char *decoded(const civ_json_t *entry, const char *name)
{
    const char *text = civ_field_text(entry, name);
    unsigned char *bytes;
    apr_size_t length;

    if (text == NULL || civ_base64_decode(&bytes, &length, text, test_pool()) != APR_SUCCESS)
        return "";
    return apr_pstrmemdup(test_pool(), (const char *)bytes, length);
}

static void test_shared_vectors(void)
{
    const civ_json_t *file = read_json("/vectors/federation/webhook-signatures.json");
    apr_size_t i;

    for (i = 0; i < civ_field_count(file, "cases"); i++) {
        const civ_json_t *entry = &civ_field(file, "cases")->as.array.items[i];
        const char *platform = civ_field_text(entry, "platform");
        proof_t proof = {platform, civ_field_text(entry, "secret"), headers_of(entry),
                         decoded(entry, "body_b64"), civ_field_is_true(entry, "valid")};

        if (strcmp(platform, "circleci") == 0)
            proof.platform = "circle_ci";
        if (strcmp(platform, "gitlab-signed") == 0) {
            proof.platform = "gitlab";
            proof.secret = apr_pstrcat(test_pool(), "whsec_", civ_field_text(entry, "secret_b64"), NULL);
        }
        if (strcmp(platform, "azure_devops") == 0)
            proof.secret = "civarcos:hook-pass";
        if (strcmp(platform, "jenkins") != 0)
            CU_ASSERT_EQUAL(is_proven(&proof, civ_field_int(entry, "now", 0) * 1000), proof.is_good);
    }
}

/* The body as it was recorded, with the project that it names. */
static void check_recording(const civ_json_t *entry, const char *platform)
{
    static const struct {
        const char *platform, *secret;
    } secrets[] = {{"github", "civarcos-test-secret"},    {"gitlab", "civarcos-test-token"},
                   {"bitbucket", "civarcos-test-secret"}, {"azure_devops", "civarcos:test-password"},
                   {"circle_ci", "civarcos-test-secret"}, {NULL, NULL}};
    unsigned long length;
    const char *body = test_read_file(
        apr_pstrcat(test_pool(), test_shared_dir(), "/fixtures/", civ_field_text(entry, "file"), NULL),
        &length);
    proof_t proof = {platform, NULL, headers_of(entry), body, 1};
    civ_webhook_t webhook = sync_webhook(proof.headers, body);
    civ_webhook_hint_t hint;
    int i;

    for (i = 0; secrets[i].platform != NULL; i++)
        if (strcmp(secrets[i].platform, platform) == 0)
            proof.secret = secrets[i].secret;
    CU_ASSERT_TRUE(is_proven(&proof, 0));
    proof.secret = "civarcos-test-secreT";
    CU_ASSERT_FALSE(is_proven(&proof, 0));
    CU_ASSERT_EQUAL(civ_webhook_read(&hint, platform, &webhook, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_TRUE(hint.is_relevant);
    CU_ASSERT_TRUE(hint.name_count >= 2);
    CU_ASSERT_TRUE(hint.mark_count >= 1);
}

static void test_recorded_deliveries(void)
{
    static const struct {
        const char *folder, *platform;
    } folders[] = {{"github/_webhooks", "github"},
                   {"gitlab/_webhooks", "gitlab"},
                   {"bitbucket/_webhooks", "bitbucket"},
                   {"azure/_webhooks", "azure_devops"},
                   {"circleci/_webhooks", "circle_ci"}};
    const civ_json_t *manifest = read_json("/fixtures/MANIFEST.json");
    int count = 0;
    apr_size_t i, j;

    for (i = 0; i < civ_field_count(manifest, ""); i++)
        for (j = 0; j < sizeof(folders) / sizeof(folders[0]); j++) {
            const civ_json_t *entry = &manifest->as.array.items[i];

            if (strcmp(civ_field_text(entry, "platform"), folders[j].folder) == 0) {
                check_recording(entry, folders[j].platform);
                count++;
            }
        }
    CU_ASSERT_TRUE(manifest == NULL || count >= 10);
}

static const test_case_t cases[] = {
    {"github", test_github},
    {"bitbucket", test_bitbucket},
    {"circle_ci", test_circle_ci},
    {"gitlab", test_gitlab},
    {"azure_and_jenkins", test_azure_and_jenkins},
    {"nuls_are_bytes", test_nuls_are_bytes},
    {"shared_vectors", test_shared_vectors},
    {"recorded_deliveries", test_recorded_deliveries},
    {NULL, NULL},
};
const test_suite_t sync_webhook_proof_suite = {"webhook_proof", NULL, NULL, cases};
