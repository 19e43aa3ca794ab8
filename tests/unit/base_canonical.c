/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base_canonical.c
 * RFC 8785: numbers, strings, order; whatever the locale.
 */
#include "support/runner.h"

#include "base/canonical.h"
#include "base/encoding.h"
#include "base/status.h"

#include <apr_strings.h>

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const civ_json_limits_t wide = {10000000, 256, 1000000, 1024};

static const civ_json_t *parse_n(const char *text, apr_size_t length)
{
    const civ_json_t *root = NULL;
    civ_problem_t problem = {0};

    if (civ_json_parse(&root, text, length, &wide, &problem, test_pool()) != APR_SUCCESS) {
        test_note("refused: %s", problem.detail);
    }
    return root;
}

/* The canonical form of a document, or "" when there is none. */
static const civ_buffer_t *canonical_n(const char *text, apr_size_t length)
{
    const civ_json_t *root = parse_n(text, length);
    civ_buffer_t *out = apr_palloc(test_pool(), sizeof(*out));

    civ_buffer_init(out, 0, test_pool());
    if (root) {
        CU_ASSERT_EQUAL(civ_canonical_write(out, root), APR_SUCCESS);
    }
    return out;
}

static const char *canonical(const char *text)
{
    return canonical_n(text, strlen(text))->data;
}

static double from_bits(apr_uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* Is the number with these bits written as @a expected? */
static int is_written(apr_uint64_t bits, const char *expected)
{
    char out[CIV_CANONICAL_NUMBER_SIZE];

    if (civ_canonical_number(out, from_bits(bits)) == APR_SUCCESS && strcmp(out, expected) == 0) {
        return 1;
    }
    test_note("%016" APR_UINT64_T_HEX_FMT " gave %s, not %s", bits, out, expected);
    return 0;
}

/* RFC 8785 appendix B. */
static void numbers_of_the_rfc(void)
{
    static const struct {
        apr_uint64_t bits;
        const char *text;
    } rows[] = {
        {APR_UINT64_C(0x0000000000000000), "0"},
        {APR_UINT64_C(0x8000000000000000), "0"},
        {APR_UINT64_C(0x0000000000000001), "5e-324"},
        {APR_UINT64_C(0x8000000000000001), "-5e-324"},
        {APR_UINT64_C(0x7fefffffffffffff), "1.7976931348623157e+308"},
        {APR_UINT64_C(0xffefffffffffffff), "-1.7976931348623157e+308"},
        {APR_UINT64_C(0x4340000000000000), "9007199254740992"},
        {APR_UINT64_C(0xc340000000000000), "-9007199254740992"},
        {APR_UINT64_C(0x4430000000000000), "295147905179352830000"},
        {APR_UINT64_C(0x44b52d02c7e14af5), "9.999999999999997e+22"},
        {APR_UINT64_C(0x44b52d02c7e14af6), "1e+23"},
        {APR_UINT64_C(0x44b52d02c7e14af7), "1.0000000000000001e+23"},
        {APR_UINT64_C(0x444b1ae4d6e2ef4e), "999999999999999700000"},
        {APR_UINT64_C(0x444b1ae4d6e2ef4f), "999999999999999900000"},
        {APR_UINT64_C(0x444b1ae4d6e2ef50), "1e+21"},
        {APR_UINT64_C(0x3eb0c6f7a0b5ed8c), "9.999999999999997e-7"},
        {APR_UINT64_C(0x3eb0c6f7a0b5ed8d), "0.000001"},
        {APR_UINT64_C(0x41b3de4355555553), "333333333.3333332"},
        {APR_UINT64_C(0x41b3de4355555557), "333333333.33333343"},
        {APR_UINT64_C(0xbecbf647612f3696), "-0.0000033333333333333333"},
        {APR_UINT64_C(0x43143ff3c1cb0959), "1424953923781206.2"},
    };
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT(is_written(rows[i].bits, rows[i].text));
    }
}

/* Their nearest decimal of 16 digits lies below and does not read back, the next one above does. */
static void powers_of_two(void)
{
    static const struct {
        int exponent;
        const char *text;
    } rows[] = {
        {-44, "5.684341886080802e-14"},
        {-1016, "1.424047269444609e-306"},
        {-1017, "7.120236347223045e-307"},
        {-1007, "7.291122019556398e-304"},
        {-957, "8.209073602596753e-289"},
        {1, "2"},
        {-1, "0.5"},
        {-10, "0.0009765625"},
        {70, "1.1805916207174113e+21"},
        {-1022, "2.2250738585072014e-308"},
        {-1074, "5e-324"},
        {-1073, "1e-323"},
        {-1030, "8.691694759794e-311"},
    };
    char out[CIV_CANONICAL_NUMBER_SIZE];
    unsigned i;
    int exponent, wrong = 0;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_EQUAL(civ_canonical_number(out, ldexp(1, rows[i].exponent)), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(out, rows[i].text);
    }
    for (exponent = -1074; exponent <= 1023; exponent++) {
        civ_canonical_number(out, ldexp(1, exponent));
        wrong += civ_canonical_read_number(out) != ldexp(1, exponent);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void infinities_are_refused(void)
{
    char out[CIV_CANONICAL_NUMBER_SIZE];
    civ_json_t number = {CIV_JSON_NUMBER, .as.text = {"1e999", 5}};
    civ_json_t array = {CIV_JSON_ARRAY, .as.array = {&number, 1}};
    civ_buffer_t buffer;

    CU_ASSERT_EQUAL(civ_canonical_number(out, INFINITY), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_canonical_number(out, -INFINITY), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_canonical_number(out, NAN), CIV_EINVALID);
    CU_ASSERT(isinf(civ_canonical_read_number("1e999")));
    civ_buffer_init(&buffer, 0, test_pool());
    CU_ASSERT_EQUAL(civ_canonical_write(&buffer, &array), CIV_EINVALID); /* a tree made by hand */
}

/* Random doubles read back, with no more than 17 digits. */
static void random_numbers_read_back(void)
{
    apr_uint64_t state = APR_UINT64_C(88172645463325252);
    char out[CIV_CANONICAL_NUMBER_SIZE];
    int i, wrong = 0, rounds = test_is_slow() ? 5000 : 50000;

    for (i = 0; i < rounds; i++) {
        double value;

        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        value = from_bits(state);
        if (isfinite(value)) {
            wrong += civ_canonical_number(out, value) != APR_SUCCESS ||
                     civ_canonical_read_number(out) != value || strlen(out) > 25;
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void number_literals(void)
{
    static const char *const rows[][2] = {
        {"0", "0"},
        {"-0", "0"},
        {"-0.0", "0"},
        {"0e5", "0"},
        {"1.0", "1"},
        {"-1.50", "-1.5"},
        {"1e0", "1"},
        {"1E+2", "100"},
        {"123456789012345", "123456789012345"},
        {"-123456789012345", "-123456789012345"},
        {"9007199254740991", "9007199254740991"},
        {"1e21", "1e+21"},
        {"1e-6", "0.000001"},
        {"1e-7", "1e-7"},
        {"-1.23e-7", "-1.23e-7"},
        {"333333333.33333329", "333333333.3333333"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"4.9e-324", "5e-324"},
        {"0.1e1", "1"},
        {"5", "5"},
        {"-5", "-5"},
        {"12.5e1", "125"},
        {"99999999999999.99", "99999999999999.98"},
    };
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_STRING_EQUAL(canonical(rows[i][0]), rows[i][1]);
    }
}

/* The example of RFC 8785 section 3.2.2 to 3.2.4. */
static void example_of_the_rfc(void)
{
    CU_ASSERT_STRING_EQUAL(
        canonical(
            "{\n \"numbers\": [333333333.33333329, 1E30, 4.50,\n 2e-3, 0.000000000000000000000000001],\n"
            " \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
            " \"literals\": [null, true, false]\n}"),
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
        "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
    CU_ASSERT_STRING_EQUAL(
        canonical("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew "
                  "Letter\",\"1\":\"One\","
                  "\"\\ud83d\\ude00\":\"Emoji\",\"\\u0080\":\"Control\",\"\\u00f6\":\"Latin\"}"),
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\",\"\xc3\xb6\":\"Latin\","
        "\"\xe2\x82\xac\":\"Euro Sign\",\"\xf0\x9f\x98\x80\":\"Emoji\",\"\xef\xac\xb3\":\"Hebrew Letter\"}");
}

static void containers(void)
{
    CU_ASSERT_STRING_EQUAL(canonical(" [ ] "), "[]");
    CU_ASSERT_STRING_EQUAL(canonical("{ }"), "{}");
    CU_ASSERT_STRING_EQUAL(canonical("[3,2,[1,{\"b\":[],\"a\":{}}]]"), "[3,2,[1,{\"a\":{},\"b\":[]}]]");
    CU_ASSERT_STRING_EQUAL(canonical("\"\\u0000\\u007f\\u2028\""), "\"\\u0000\x7f\xe2\x80\xa8\"");
    CU_ASSERT_STRING_EQUAL(canonical("{\"a\\u0000b\":1,\"a\":2}"), "{\"a\":2,\"a\\u0000b\":1}");
}

/* A tree deeper than any parser makes is refused before the stack is in danger. */
static void depth_is_bounded(void)
{
    civ_json_t *levels = apr_pcalloc(test_pool(), 1000 * sizeof(*levels));
    civ_buffer_t out;
    int i;

    for (i = 0; i < 1000; i++) {
        levels[i].type = CIV_JSON_ARRAY;
        levels[i].as.array.items = i < 999 ? &levels[i + 1] : NULL;
        levels[i].as.array.count = i < 999;
    }
    civ_buffer_init(&out, 0, test_pool());
    CU_ASSERT_EQUAL(civ_canonical_write(&out, &levels[0]), CIV_EINVALID);
    civ_buffer_init(&out, 0, test_pool());
    CU_ASSERT_EQUAL(civ_canonical_write(&out, &levels[1000 - 256]), APR_SUCCESS);
    CU_ASSERT_EQUAL(out.length, 512);
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static int compare(const char *left, const char *right)
{
    int order = sign(civ_canonical_compare_names(left, strlen(left), right, strlen(right)));

    CU_ASSERT_EQUAL(order, -sign(civ_canonical_compare_names(right, strlen(right), left, strlen(left))));
    return order;
}

static void name_order(void)
{
    CU_ASSERT_EQUAL(compare("", ""), 0);
    CU_ASSERT_EQUAL(compare("abc", "abc"), 0);
    CU_ASSERT_EQUAL(compare("", "a"), -1);
    CU_ASSERT_EQUAL(compare("a", "aa"), -1);
    CU_ASSERT_EQUAL(compare("A", "a"), -1);
    CU_ASSERT_EQUAL(compare("z", "\xc3\xa9"), -1);
    CU_ASSERT_EQUAL(compare("\xed\x9f\xbf", "\xf0\x90\x80\x80"), -1); /* U+D7FF, U+10000 */
    CU_ASSERT_EQUAL(compare("\xf4\x8f\xbf\xbf", "\xee\x80\x80"), -1); /* U+10FFFF, U+E000 */
    CU_ASSERT_EQUAL(compare("\xf0\x90\x80\x80", "\xef\xbf\xbf"), -1); /* U+10000, U+FFFF */
    CU_ASSERT_EQUAL(compare("\xee\x80\x80", "\xef\xbf\xbf"), -1);
    CU_ASSERT_EQUAL(compare("x\xf0\x90\x80\x80", "x\xef\xbf\xbf"), -1);
    CU_ASSERT(civ_canonical_compare_names("a\0b", 3, "a\0c", 3) < 0);
    CU_ASSERT(civ_canonical_compare_names("a", 1, "a\0", 2) < 0);
}

/* Everything that depends on a decimal point, in the locale now set. */
static int numbers_are_right(void)
{
    return strcmp(canonical("[0.5,-1.25e-9,333333333.33333329,5e-324,1e21,1234567.875]"),
                  "[0.5,-1.25e-9,333333333.3333333,5e-324,1e+21,1234567.875]") == 0 &&
           civ_canonical_read_number("1.5") == 1.5 &&
           is_written(APR_UINT64_C(0x3d10000000000000), "1.4210854715202004e-14");
}

static void locale_does_not_matter(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8",  "de_DE",       "fr_FR.UTF-8",
                                        "fr_FR.utf8",  "es_ES.UTF-8", "nl_NL.UTF-8", "pl_PL.UTF-8",
                                        "ru_RU.UTF-8", "pt_BR.UTF-8", "it_IT.UTF-8", "sv_SE.UTF-8",
                                        "ps_AF.UTF-8", "ps_AF"};
    const char *before = apr_pstrdup(test_pool(), setlocale(LC_ALL, NULL));
    unsigned i, tried = 0;

    CU_ASSERT(numbers_are_right());
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (setlocale(LC_ALL, names[i]) && strcmp(localeconv()->decimal_point, ".") != 0) {
            tried++;
            CU_ASSERT(numbers_are_right());
        }
    }
    setlocale(LC_ALL, before);
    test_note("%u locales with another decimal point are installed", tried);
}

/* ---- published vectors
 * --------------------------------------------------------------------------------------- */

static char *read_vector(const char *name, unsigned long *length)
{
    const char *shared = test_shared_dir();
    char *text;

    if (!shared) {
        test_note("skipped: no shared data");
        return NULL;
    }
    text = test_read_file(apr_pstrcat(test_pool(), shared, "/vectors/jcs/", name, NULL), length);
    CU_ASSERT_PTR_NOT_NULL(text);
    return text;
}

static const civ_json_t *read_list(const char *name, apr_size_t at_least)
{
    unsigned long length;
    char *text = read_vector(name, &length);
    const civ_json_t *list = text ? parse_n(text, length) : NULL;

    CU_ASSERT(!text || (list && list->type == CIV_JSON_ARRAY && list->as.array.count >= at_least));
    return list;
}

/* The bytes of @a got, as hex in lines with spaces, are @a hex. */
static int is_hex_dump_of(const char *hex, const civ_buffer_t *got)
{
    char *digits = apr_palloc(test_pool(), got->length * 2 + 1);

    civ_hex_encode(digits, got->data, got->length);
    for (; *hex; hex++) {
        if (!strchr(" \r\n", *hex) && *hex != *digits++) {
            return 0;
        }
    }
    return *digits == '\0';
}

static void vectors_documents(void)
{
    static const char *const names[] = {"arrays", "french", "structures", "unicode", "values", "weird"};
    unsigned i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unsigned long length, expected_length;
        char *input = read_vector(apr_psprintf(test_pool(), "input/%s.json", names[i]), &length);
        const civ_buffer_t *got;
        const char *expected;

        if (!input) {
            return;
        }
        expected = read_vector(apr_psprintf(test_pool(), "output/%s.json", names[i]), &expected_length);
        got = canonical_n(input, length);
        CU_ASSERT(got->length == expected_length && memcmp(got->data, expected, expected_length) == 0);
        CU_ASSERT(
            is_hex_dump_of(read_vector(apr_psprintf(test_pool(), "outhex/%s.txt", names[i]), NULL), got));
    }
}

static void vectors_es6_numbers(void)
{
    unsigned long length;
    char *text = read_vector("es6-numbers-10000.txt", &length);
    char *state, *line;
    int count = 0, wrong = 0;

    for (line = text ? apr_strtok(text, "\n", &state) : NULL; line; line = apr_strtok(NULL, "\n", &state)) {
        char *comma = strchr(line, ',');

        CU_ASSERT_FATAL(comma != NULL);
        *comma = '\0';
        wrong += !is_written(strtoull(line, NULL, 16), comma + 1);
        count++;
    }
    if (text) {
        CU_ASSERT_EQUAL(count, 10000);
        CU_ASSERT_EQUAL(wrong, 0);
    }
}

static void check_bit_table(const char *name, apr_size_t at_least)
{
    const civ_json_t *list = read_list(name, at_least);
    apr_size_t i;

    for (i = 0; list && i < list->as.array.count; i++) {
        const civ_json_t *row = &list->as.array.items[i];
        apr_uint64_t bits = strtoull(civ_json_get_text(row, "ieee754_be_hex"), NULL, 16);
        const char *expected = civ_json_get_text(row, "canonical");
        char out[CIV_CANONICAL_NUMBER_SIZE];

        if (expected) {
            CU_ASSERT(is_written(bits, expected));
        } else {
            CU_ASSERT_EQUAL(civ_canonical_number(out, from_bits(bits)), CIV_EINVALID);
        }
    }
}

static void vectors_bit_tables(void)
{
    check_bit_table("ieee754-table.json", 27);
    check_bit_table("powers-of-two-trap.json", 46);
}

static void vectors_number_literals(void)
{
    const civ_json_t *list = read_list("number-literals.json", 50);
    apr_size_t i;

    for (i = 0; list && i < list->as.array.count; i++) {
        const char *literal = civ_json_get_text(&list->as.array.items[i], "json");
        char out[CIV_CANONICAL_NUMBER_SIZE];

        CU_ASSERT_EQUAL(civ_canonical_number(out, civ_canonical_read_number(literal)), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(out, civ_json_get_text(&list->as.array.items[i], "canonical"));
    }
}

static void check_documents(const char *name, apr_size_t at_least)
{
    const civ_json_t *list = read_list(name, at_least);
    apr_size_t i;

    for (i = 0; list && i < list->as.array.count; i++) {
        const civ_json_t *row = &list->as.array.items[i];
        const char *json = civ_json_get_text(row, "json");
        const civ_buffer_t *got = canonical_n(json, strlen(json));
        char *hex = apr_palloc(test_pool(), got->length * 2 + 1);

        civ_hex_encode(hex, got->data, got->length);
        CU_ASSERT_STRING_EQUAL(hex, civ_json_get_text(row, "canonical_utf8_hex"));
    }
}

static void vectors_strings_and_objects(void)
{
    check_documents("strings.json", 20);
    check_documents("objects.json", 13);
}

static const test_case_t cases[] = {
    {"numbers_of_the_rfc", numbers_of_the_rfc},
    {"powers_of_two", powers_of_two},
    {"infinities_are_refused", infinities_are_refused},
    {"random_numbers_read_back", random_numbers_read_back},
    {"number_literals", number_literals},
    {"example_of_the_rfc", example_of_the_rfc},
    {"containers", containers},
    {"depth_is_bounded", depth_is_bounded},
    {"name_order", name_order},
    {"locale_does_not_matter", locale_does_not_matter},
    {"vectors_documents", vectors_documents},
    {"vectors_es6_numbers", vectors_es6_numbers},
    {"vectors_bit_tables", vectors_bit_tables},
    {"vectors_number_literals", vectors_number_literals},
    {"vectors_strings_and_objects", vectors_strings_and_objects},
    {NULL, NULL},
};

const test_suite_t base_canonical_suite = {"base_canonical", NULL, NULL, cases};
