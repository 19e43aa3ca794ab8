/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file badconf.c
 * Configurations that "httpd -t" must refuse, with the words it must say, and others that it must take.
 * Nothing is started.
 */
#include "config.h"

#include "support/runner.h"

#include <CUnit/CUnit.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <stdlib.h>
#include <string.h>

#ifndef CIVARCOS_MODULE_DIR
#define CIVARCOS_MODULE_DIR CIVARCOS_HTTPD_MODULES
#endif
#ifndef CIVARCOS_MODULE
#define CIVARCOS_MODULE CIVARCOS_BUILD_DIR "/mod_civarcos/.libs/mod_civarcos.so"
#endif

/** The most that httpd says. */
#define OUTPUT_SIZE 65536

#define MOUNT      "<Location \"/api\">\nSetHandler civarcos\n</Location>\n"
#define NODE       "CivarcosStateDir main\n" MOUNT
#define HOST(body) "<VirtualHost *:80>\nServerName a.example:81\n" body "</VirtualHost>\n"
#define HOST_2     "<VirtualHost *:80>\nServerName b.example\nCivarcosStateDir b\n" MOUNT "</VirtualHost>\n"

#define NAMELESS(body) "<VirtualHost *:80>\nCivarcosStateDir b\n" body MOUNT "</VirtualHost>\n"

typedef struct configuration_t {
    const char *text;
    const char *words; /**< what httpd must say; NULL: it must take the text */
} configuration_t;

/* --- values ---- */

static const configuration_t bad_values[] = {
    {"CivarcosStateDir \"\"\n", "CivarcosStateDir takes one argument"},
    {"CivarcosStateDir /\n", "root of the file system"},
    {"CivarcosStateDir ///\n", "root of the file system"},
    {"CivarcosStateDir\n", "CivarcosStateDir takes one argument"},
    {"CivarcosStateDir a b\n", "CivarcosStateDir takes one argument"},
    {"CivarcosWorker\n", "CivarcosWorker takes 1-2 arguments"},
    {"CivarcosWorker on\n", "\"on\" is none of managed, external, off"},
    {"CivarcosWorker off /bin/true\n", "\"/bin/true\" is not an absolute path of a program to be managed"},
    {"CivarcosWorker managed worker\n", "\"worker\" is not an absolute path of a program to be managed"},
    {"<VirtualHost *:1>\nCivarcosWorker off\n</VirtualHost>\n", "cannot occur within <VirtualHost> section"},
    {"CivarcosWorkerThreads\n", "CivarcosWorkerThreads takes one argument"},
    {"CivarcosWorkerThreads 0\n", "\"0\" is not a whole number from 1 to 16"},
    {"CivarcosWorkerThreads 17\n", "\"17\" is not a whole number from 1 to 16"},
    {"CivarcosSyncWait\n", "CivarcosSyncWait takes one argument"},
    {"CivarcosSyncWait 301s\n", "\"301s\" is not a time from 0 ms to 300000 ms"},
    {"CivarcosSyncWait soon\n", "\"soon\" is not a time"},
    {"CivarcosSyncSchedule github octo/demo\n", "CivarcosSyncSchedule takes three arguments"},
    {"CivarcosSyncSchedule sourceforge a 1h\n", "\"sourceforge\" is none of github, gitlab"},
    {"CivarcosSyncSchedule github demo 1h\n", "\"demo\" cannot be a project of github"},
    {"CivarcosSyncSchedule github octo/demo 59s\n", "\"59s\" is not a whole number of s, m, h or d"},
    {"CivarcosSyncSchedule github octo/demo 32d\n", "\"32d\" is not a whole number of s, m, h or d"},
    {"CivarcosSyncSchedule github octo/demo 1h\nCivarcosSyncSchedule github octo/demo 2h\n",
     "\"octo/demo\" of github has a schedule already"},
    {"CivarcosDatabase\n", "CivarcosDatabase takes 1-2 arguments"},
    {"CivarcosDatabase \"sqlite 3\"\n", "\"sqlite 3\" is not the name of a database driver"},
    {"CivarcosDatabase ../x y\n", "\"../x\" is not the name of a database driver"},
    {"CivarcosDatabasePool 1\n", "CivarcosDatabasePool takes two arguments"},
    {"CivarcosDatabasePool 9 8\n", "the least number, 9, is above the greatest, 8"},
    {"CivarcosDatabasePool -1 8\n", "\"-1\" is not a whole number from 0 to 1024"},
    {"CivarcosDatabasePool 0 0\n", "\"0\" is not a whole number from 1 to 1024"},
    {"CivarcosDatabaseMap -1\n", "\"-1\" is not a number of bytes from 0 to 1048576G"},
    {"CivarcosDatabaseMap much\n", "\"much\" is not a number of bytes"},
    {"CivarcosDatabasePool 1 1025\n", "\"1025\" is not a whole number from 1 to 1024"},
    {"CivarcosLedgerName \"two words\"\n", "\"two words\" is not 1 to 255 printable ASCII"},
    {"CivarcosLedgerName \"\"\n", "CivarcosLedgerName takes one argument"},
    {"CivarcosLedgerName \xc3\xa4.example/x\n", "is not 1 to 255 printable ASCII"},
    {"CivarcosDifficulty 33\n", "CivarcosDifficulty: \"33\" is not a whole number from 0 to 32"},
    {"CivarcosDifficulty -1\n", "\"-1\" is not a whole number from 0 to 32"},
    {"CivarcosDifficulty 8bits\n", "\"8bits\" is not a whole number"},
    {"CivarcosDifficulty 99999999999999999999\n", "\"99999999999999999999\" is not a whole number"},
    {"CivarcosDifficulty \"\"\n", "CivarcosDifficulty takes one argument"},
    {"CivarcosMinValidators 0\n", "\"0\" is not a whole number from 1 to 1000"},
    {"CivarcosBenchmarkMinContributors 1\n", "\"1\" is not a whole number from 2 to 1000"},
    {"CivarcosBenchmarkMinContributors 1001\n", "\"1001\" is not a whole number from 2 to 1000"},
    {"CivarcosBenchmarkMinContributors five\n", "\"five\" is not a whole number"},
    {"CivarcosBenchmarkBounds coverage 0\n", "takes a metric, the least and the greatest value"},
    {"CivarcosBenchmarkBounds coverage 0 100 1 1\n", "takes a metric, the least and the greatest value"},
    {"CivarcosBenchmarkBounds a/b 0 100\n", "\"a/b\" is not 1 to 64 of"},
    {"CivarcosBenchmarkBounds coverage 100 0\n", "of which the second is greater"},
    {"CivarcosBenchmarkBounds coverage 0 1e999\n", "of which the second is greater"},
    {"CivarcosBenchmarkBounds coverage 0 1e16\n", "of which the second is greater"},
    {"CivarcosBenchmarkBounds coverage 0 nan\n", "of which the second is greater"},
    {"CivarcosBenchmarkBounds coverage 0 100 0\n", "\"0\" is not a step"},
    {"CivarcosBenchmarkBounds coverage 0 100 101\n", "\"101\" is not a step"},
    {"CivarcosMinValidators 1001\n", "\"1001\" is not a whole number from 1 to 1000"},
    {"CivarcosSealInterval 99ms\n", "\"99ms\" is not a time from 100 ms to 86400000 ms"},
    {"CivarcosSealInterval 25h\n", "\"25h\" is not a time from 100 ms"},
    {"CivarcosSealInterval soon\n", "\"soon\" is not a time"},
    {"CivarcosSealInterval -5s\n", "\"-5s\" is not a time"},
    {"CivarcosSealInterval 10parsec\n", "\"10parsec\" is not a time"},
    {"CivarcosSealInterval 99999999999999999999s\n", "\"99999999999999999999s\" is not a time"},
    {"CivarcosSealCount 0\n", "\"0\" is not a whole number from 1 to 10000"},
    {"CivarcosSealCount 10001\n", "\"10001\" is not a whole number from 1 to 10000"},
    {"CivarcosMaxBody 1023\n", "\"1023\" is not a whole number from 1024 to 67108864"},
    {"CivarcosMaxBody 67108865\n", "\"67108865\" is not a whole number from 1024 to 67108864"},
    {"CivarcosMaxBody 1M\n", "\"1M\" is not a whole number"},
    {"CivarcosQueueLimit 0\n", "\"0\" is not a whole number from 1 to 1000000"},
    {"CivarcosQueueLimit 1000001\n", "\"1000001\" is not a whole number from 1 to 1000000"},
    {"CivarcosHotBlocks 65537\n", "\"65537\" is not a whole number from 0 to 65536"},
    {"CivarcosHotBlocks many\n", "\"many\" is not a whole number from 0 to 65536"},
    {"CivarcosStateRefresh 60001\n", "\"60001\" is not a time from 0 ms to 60000 ms"},
    {"CivarcosStateRefresh 2min\n", "\"2min\" is not a time from 0 ms to 60000 ms"},
    {"CivarcosMinFree -1\n", "\"-1\" is not a number of bytes"},
    {"CivarcosMinFree 5T\n", "\"5T\" is not a number of bytes"},
    {"CivarcosMinFree G\n", "\"G\" is not a number of bytes"},
    {"CivarcosMinFree 1048577G\n", "\"1048577G\" is not a number of bytes"},
    {"CivarcosSignatureWindow 300s\n", "CivarcosSignatureWindow takes two arguments"},
    {"CivarcosSignatureWindow 0 60\n", "\"0\" is not a time from 1000 ms to 3600000 ms"},
    {"CivarcosSignatureWindow 61min 60\n", "\"61min\" is not a time from 1000 ms to 3600000 ms"},
    {"CivarcosSignatureWindow 300 61min\n", "\"61min\" is not a time from 0 ms to 3600000 ms"},
    {"CivarcosSignatureWindow 300 -1\n", "\"-1\" is not a time from 0 ms"},
    {"CivarcosAuthority\n", "CivarcosAuthority requires at least one argument"},
    {"CivarcosAuthority https://a.example\n", "\"https://a.example\" is not the name or address of a host"},
    {"CivarcosAuthority a.example/x\n", "\"a.example/x\" is not the name or address of a host"},
    {"CivarcosAuthority a.example b.example:http\n", "\"b.example:http\" is not the name"},
    {"CivarcosAuthority a.example:0\n", "\"a.example:0\" is not the name"},
    {"CivarcosAuthority a.example:65536\n", "\"a.example:65536\" is not the name"},
    {"CivarcosAuthority [::1]:65536\n", "\"[::1]:65536\" is not the name"},
    {"CivarcosAuthority ::1\n", "\"::1\" is not the name"},
    {"CivarcosAuthority *.a.example\n", "patterns and URLs do not count"},
    {"CivarcosAuthority user@a.example\n", "\"user@a.example\" is not the name"},
    {"CivarcosFederationJoin\n", "CivarcosFederationJoin takes one argument"},
    {"CivarcosFederationJoin everybody\n", "\"everybody\" is none of open, signed, closed"},
    {"CivarcosFederationJoin \"open \"\n", "\"open \" is none of open, signed, closed"},
    {"CivarcosFederationJoin \"\"\n", "CivarcosFederationJoin takes one argument"},
    {"CivarcosFederationMinVotes 0\n", "\"0\" is not a whole number from 1 to 1000"},
    {"CivarcosFederationMinVotes 1001\n", "\"1001\" is not a whole number from 1 to 1000"},
    {"CivarcosFederationMinVotes 3.5\n", "\"3.5\" is not a whole number"},
    {"CivarcosFederationThreshold 66%\n", "\"66%\" is not a fraction such as 2/3"},
    {"CivarcosFederationThreshold 0.66\n", "\"0.66\" is not a fraction"},
    {"CivarcosFederationThreshold 1\n", "\"1\" is not a fraction"},
    {"CivarcosFederationThreshold /3\n", "\"/3\" is not a fraction"},
    {"CivarcosFederationThreshold 2/\n", "\"2/\" is not a fraction"},
    {"CivarcosFederationThreshold 1/2\n", "\"1/2\" is not a fraction such as 2/3, above one half"},
    {"CivarcosFederationThreshold 0/0\n", "\"0/0\" is not a fraction"},
    {"CivarcosFederationThreshold 3/2\n", "\"3/2\" is not a fraction"},
    {"CivarcosFederationThreshold -2/-3\n", "\"-2/-3\" is not a fraction"},
    {"CivarcosFederationThreshold 2/3/4\n", "\"2/3/4\" is not a fraction"},
    {"CivarcosFederationThreshold 501/1001\n", "\"501/1001\" is not a fraction such as 2/3"},
    {"CivarcosFederationThreshold 99999999999999999999/3\n", "is not a fraction"},
    {"CivarcosFederationThreshold 4611686018427387904/1000\n", "is not a fraction"},
    {"CivarcosEgressAllow\n", "CivarcosEgressAllow requires at least one argument"},
    {"CivarcosEgressAllow *.example\n", "CivarcosEgressAllow: \"*.example\" is not the name or address"},
    {"CivarcosEgressAllow good.example 10.0.0.1/8\n", "\"10.0.0.1/8\" has an address that is not the first"},
    {"CivarcosEgressAllow 10.0.0.0/33\n", "\"10.0.0.0/33\" is not an address, a slash and a number of bits"},
    {"CivarcosEgressAllow https://h.example\n", "\"https://h.example\" is a URL: write the host"},
    {"CivarcosEgressAllow http://127.0.0.1\n",
     "\"http://127.0.0.1\" is a URL: write the host without http://"},
    {"CivarcosEgressAllow 0177.0.0.1\n", "\"0177.0.0.1\" has a host that is an IPv4 address, but not four"},
    {"CivarcosEgressAllow h.example:0\n", "\"h.example:0\" has a port that is no number"},
    {"CivarcosEgressPlainHttp maybe\n", "CivarcosEgressPlainHttp must be On or Off"},
    {"CivarcosEgressPlainHttp\n", "CivarcosEgressPlainHttp must be On or Off"},
    {"CivarcosNoSuchThing on\n", "Invalid command 'CivarcosNoSuchThing'"},
    {NULL, NULL}};

/* --- places and combinations ---- */

/* What may be in a configuration, and never in httpd's words about it. */
#define SECRET "geheim42"

static const configuration_t bad_places[] = {
    {"<Location \"/api\">\nCivarcosDifficulty 8\n</Location>\n", "CivarcosDifficulty not allowed"},
    {"<Directory \"/srv\">\nCivarcosMaxBody 2048\n</Directory>\n", "CivarcosMaxBody not allowed"},
    {"<LocationMatch \"^/api\">\nSetHandler civarcos\n</LocationMatch>\n", "CIV0307"},
    {"<LocationMatch \"^/api\">\nSetHandler civarcos\n</LocationMatch>\n",
     "stands in <LocationMatch \"^/api\">"},
    {"<Location ~ \"^/api\">\nSetHandler civarcos\n</Location>\n", "stands in <Location ~ \"^/api\">"},
    {"<Location \"/a*i\">\nSetHandler civarcos\n</Location>\n", "stands in <Location \"/a*i\">"},
    {"<Directory \"/srv\">\nSetHandler \"civarcos\"\n</Directory>\n", "stands in <Directory \"/srv\">"},
    {"<Files \"*.x\">\nSetHandler civarcos\n</Files>\n", "stands in <Files \"*.x\">"},
    {"SetHandler civarcos\n", "stands outside every section"},
    {HOST("SetHandler civarcos\n"), "stands outside every section"},
    {"<Location \"/api\">\n<If \"true\">\nSetHandler civarcos\n</If>\n</Location>\n",
     "stands in <If \"true\">"},
    {"<Location \"/api\">\nSetHandler civarcos\n</Location>\nSetHandler civarcos\n", "httpd.conf:"},
    {NODE HOST("CivarcosDifficulty 4\n" MOUNT), "CIV0300"},
    {NODE HOST("CivarcosDifficulty 4\n" MOUNT), "CivarcosDifficulty at "},
    {NODE HOST("CivarcosDifficulty 4\n" MOUNT), "virtual host a.example ("},
    {NODE HOST("CivarcosDatabase sqlite3 x.db\n"), "CivarcosDatabase at "},
    {NODE HOST("CivarcosFederationJoin closed\n" MOUNT), "CivarcosFederationJoin at "},
    {NODE HOST("CivarcosEgressAllow h.example\n" MOUNT), "CivarcosEgressAllow at "},
    {NODE HOST("CivarcosEgressPlainHttp On\n" MOUNT), "CivarcosEgressPlainHttp at "},
    {"<Location \"/api\">\nCivarcosFederationMinVotes 3\n</Location>\n",
     "CivarcosFederationMinVotes not allowed"},
    {NODE HOST("CivarcosMaxBody 2048\nCivarcosLedgerName x\n"), "CivarcosLedgerName at "},
    {"CivarcosStateDir b\n" MOUNT HOST_2, "CIV0301"},
    {"CivarcosStateDir ./b/\n" MOUNT HOST_2, "the same CivarcosStateDir"},
    {HOST("CivarcosStateDir c/../b\n" MOUNT) HOST_2, "virtual host a.example ("},
    {NODE "CivarcosDatabase sqlite3 b/civarcos.db\n" HOST_2, "CIV0302"},
    {NODE
     "CivarcosDatabase sqlite3 x.db\n" HOST("CivarcosStateDir b\nCivarcosDatabase sqlite3 ./x.db\n" MOUNT),
     "the same CivarcosDatabase"},
    {NODE "CivarcosDatabase nosuchdriver x\n", "CIV0304"},
    {NODE "CivarcosDatabase nosuchdriver x\n", "\"nosuchdriver\""},
    {"CivarcosStateDir unused\nCivarcosDatabase nosuchdriver x\n", "CIV0304"},
#ifdef CIVARCOS_PGSQL
    {NODE "CivarcosDatabase pgsql\n", "CIV0305"},
    {NODE "CivarcosDatabase pgsql \"host=a password=my " SECRET "\"\n", "CIV0345"},
    {NODE "CivarcosDatabase pgsql \"" SECRET "\"\n", "no connection string of PostgreSQL"},
    {NODE "CivarcosDatabase pgsql postgresql://u:p@" SECRET "@h/d\n", "written %40"},
    {NODE "CivarcosDatabase pgsql \"dbname=a password=" SECRET
          "\"\n" HOST("CivarcosStateDir b\nCivarcosDatabase pgsql \"dbname=a password=" SECRET "\"\n" MOUNT),
     "CIV0302"},
#else
    {NODE "CivarcosDatabase pgsql \"dbname=a password=" SECRET "\"\n", "CIV0304"},
    {NODE "CivarcosDatabase pgsql dbname=a\n", "built without PostgreSQL"},
#endif
    {"<VirtualHost *:80>\nServerName a.example\nCivarcosStateDir b\nCivarcosDatabase nosuchdriver x\n" MOUNT
     "</VirtualHost>\n",
     "virtual host a.example ("},
    {NAMELESS(""), "CIV0324"},
    {NAMELESS("CivarcosDifficulty 4\n"), "give it a CivarcosLedgerName"},
    {"ChrootDir /\n" NODE, "CIV0325"},
    {"CivarcosStateDir httpd.conf\n" MOUNT, "httpd.conf\" is not a folder"},
    {NODE "CivarcosDatabase sqlite3 nosuchfolder/x.db\n", "nosuchfolder/x.db\" does not exist"},
    {NULL, NULL}};

static const configuration_t good[] = {
    {"", NULL},
    {MOUNT, NULL},
    {NODE, NULL},
    {NODE HOST(MOUNT), NULL},
    {NODE HOST("CivarcosMaxBody 2048\n" MOUNT), NULL},
    {NODE HOST_2, NULL},
    {HOST("CivarcosStateDir a\nCivarcosDifficulty 0\n" MOUNT) HOST_2, NULL},
    {"<Location />\nSetHandler civarcos\n</Location>\n", NULL},
    {"<Location \"/api/\">\nSetHandler \"civarcos\"\n</Location>\n", NULL},
    {MOUNT "<Location \"/api/blockchain/add\">\nRequire all denied\n</Location>\n", NULL},
    {MOUNT "<LocationMatch \"^/api\">\nRequire all denied\n</LocationMatch>\n", NULL},
    {"<IfModule civarcos_module>\n" MOUNT "</IfModule>\n", NULL},
    {NODE "<Directory \"/srv\">\nSetHandler none\n</Directory>\n", NULL},
    {NODE "CivarcosFederationJoin OPEN\nCivarcosFederationMinVotes 1\nCivarcosFederationThreshold 501/1000\n"
          "CivarcosEgressPlainHttp on\n",
     NULL},
    {NODE "CivarcosFederationJoin signed\nCivarcosFederationMinVotes 1000\nCivarcosFederationThreshold 1/1\n",
     NULL},
    {NODE HOST("CivarcosStateDir b\nCivarcosFederationJoin closed\nCivarcosFederationThreshold 3/4\n" MOUNT),
     NULL},
    {NODE "CivarcosDatabase sqlite3\n", NULL},
    {NODE "CivarcosDatabase sqlite3 /srv/x.db\n", NULL},
    {NODE "CivarcosDatabase sqlite3 main/x.db\n", NULL},
#ifdef CIVARCOS_PGSQL
    {NODE "CivarcosDatabase pgsql \"host=a,b dbname=x password=" SECRET "\"\n", NULL},
    {NODE "CivarcosDatabase pgsql postgresql://u:" SECRET "@h:5432/d?sslmode=require\nCivarcosMinFree 1G\n",
     "CIV0346"},
#endif
    {NAMELESS("CivarcosLedgerName b.example/x\n"), NULL},
    {"<VirtualHost *:80>\nCivarcosStateDir b\n</VirtualHost>\n", NULL},
    {"ChrootDir /\n", NULL},
    {NODE "CivarcosDatabaseMap 0\nCivarcosDatabaseMap 64M\nCivarcosDatabaseMap 1048576G\n", NULL},
    {NODE "CivarcosDatabasePool 0 1\nCivarcosDatabasePool 1024 1024\n", NULL},
    {NODE "CivarcosLedgerName a\nCivarcosLedgerName b.example:8/c_d~\n", NULL},
    {NODE "CivarcosDifficulty 0\nCivarcosDifficulty 32\n", NULL},
    {NODE "CivarcosMinValidators 1\nCivarcosMinValidators 1000\n", NULL},
    {NODE "CivarcosEgressAllow h.example h.example:8443 10.0.0.0/8\nCivarcosEgressAllow fd00::/8 ::1 "
          "[::1]:8080 10.0.0.1\n",
     NULL},
    {NODE "CivarcosBenchmarkMinContributors 2\nCivarcosBenchmarkMinContributors 1000\n", NULL},
    {NODE "CivarcosBenchmarkBounds coverage 0 100 0.5\nCivarcosBenchmarkBounds a.b_c-d -1.5e3 1e15\n", NULL},
    {NODE "CivarcosSealInterval 10\nCivarcosSealInterval 500ms\nCivarcosSealInterval 2min\n", NULL},
    {NODE "CivarcosSealInterval 100ms\nCivarcosSealInterval 24h\nCivarcosSealInterval 10s\n", NULL},
    {NODE "CivarcosSealCount 1\nCivarcosSealCount 10000\n", NULL},
    {NODE "CivarcosMaxBody 1024\nCivarcosMaxBody 67108864\n", NULL},
    {NODE "CivarcosQueueLimit 1\nCivarcosQueueLimit 1000000\n", NULL},
    {NODE "CivarcosHotBlocks 0\nCivarcosHotBlocks 65536\n", NULL},
    {NODE "CivarcosStateRefresh 0\nCivarcosStateRefresh 60000\nCivarcosStateRefresh 2s\n", NULL},
    {NODE "CivarcosSignatureWindow 1 0\nCivarcosSignatureWindow 1h 1h\nCivarcosSignatureWindow 5min 60s\n",
     NULL},
    {NODE "CivarcosAuthority a.example A.example:8443 192.0.2.1 [2001:db8::1]:65535\nCivarcosAuthority b\n",
     NULL},
    {NODE HOST("CivarcosSignatureWindow 60 10\nCivarcosAuthority a.example:1\n" MOUNT), NULL},
    {NODE "CivarcosMinFree 0\nCivarcosMinFree 64M\nCivarcosMinFree 1g\nCivarcosMinFree 1048576G\n", NULL},
    {NULL, NULL}};

/* --- running httpd ---- */

/* A module that may as well be compiled in. */
static const char *load_line(const char *name)
{
    const char *path = apr_psprintf(test_pool(), "%s/mod_%s.so", CIVARCOS_MODULE_DIR, name);
    apr_finfo_t info;

    if (apr_stat(&info, path, APR_FINFO_TYPE, test_pool()) != APR_SUCCESS) {
        return "";
    }
    return apr_psprintf(test_pool(), "<IfModule !%s_module>\nLoadModule %s_module \"%s\"\n</IfModule>\n",
                        name, name, path);
}

/* A folder with an httpd.conf that is good but for what @a text adds. Returns its path. */
static const char *write_configuration(const char *text, int with_watchdog)
{
    apr_pool_t *pool = test_pool();
    const char *temporary;
    char *folder;
    const char *path;
    const char *whole;
    apr_file_t *file;

    CU_ASSERT_EQUAL_FATAL(apr_temp_dir_get(&temporary, pool), APR_SUCCESS);
    folder = apr_pstrcat(pool, temporary, "/civarcos-badconf-XXXXXX", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    path = apr_pstrcat(pool, folder, "/httpd.conf", NULL);
    whole = apr_pstrcat(pool, "ServerRoot \"", folder, "\"\nServerName localhost\nListen 127.0.0.1:1\n",
                        "ErrorLog /dev/null\nPidFile httpd.pid\n", load_line("mpm_event"), load_line("unixd"),
                        load_line("authz_core"), with_watchdog ? load_line("watchdog") : "",
                        "LoadModule civarcos_module \"", CIVARCOS_MODULE, "\"\n", text, NULL);
    CU_ASSERT_EQUAL_FATAL(apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE,
                                        APR_FPROT_OS_DEFAULT, pool),
                          APR_SUCCESS);
    CU_ASSERT_EQUAL(apr_file_write_full(file, whole, strlen(whole), NULL), APR_SUCCESS);
    apr_file_close(file);
    return path;
}

static void remove_configuration(const char *path)
{
    char *folder = apr_pstrmemdup(test_pool(), path, (apr_size_t)(strrchr(path, '/') - path));
    apr_finfo_t entry;
    apr_dir_t *dir;

    apr_file_remove(path, test_pool());
    /* Testing a configuration makes nothing, so the folder must be empty now. */
    CU_ASSERT_EQUAL_FATAL(apr_dir_open(&dir, folder, test_pool()), APR_SUCCESS);
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        if (strcmp(entry.name, ".") != 0 && strcmp(entry.name, "..") != 0) {
            test_note("left behind: %s", entry.name);
            CU_FAIL("testing a configuration has made files");
        }
    }
    apr_dir_close(dir);
    apr_dir_remove(folder, test_pool());
}

static const char *read_all(apr_file_t *file)
{
    char *output = apr_palloc(test_pool(), OUTPUT_SIZE);
    apr_size_t length = 0;

    apr_file_read_full(file, output, OUTPUT_SIZE - 1, &length);
    output[length] = '\0';
    return output;
}

/* The instrumented module needs its runtime in httpd before everything else; leaks of httpd are not looked
 * at. */
static const char *const *environment(void)
{
#if defined(CIVARCOS_SANITIZED) && defined(CIVARCOS_PRELOAD)
    static const char *const variables[] = {"LD_PRELOAD=" CIVARCOS_PRELOAD, "ASAN_OPTIONS=detect_leaks=0",
                                            "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
#else
    static const char *const variables[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
#endif
    return variables;
}

/* Run a program to its end. Returns its exit status. */
static int run_program(const char *program, const char *const *arguments, const char **output)
{
    apr_pool_t *pool = test_pool();
    apr_procattr_t *attributes;
    apr_exit_why_e why;
    apr_proc_t process;
    int status = -1;

    CU_ASSERT_EQUAL_FATAL(apr_procattr_create(&attributes, pool), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(apr_procattr_io_set(attributes, APR_NO_PIPE, APR_FULL_BLOCK, APR_NO_PIPE),
                          APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(apr_procattr_cmdtype_set(attributes, APR_PROGRAM), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(apr_proc_create(&process, program, arguments, environment(), attributes, pool),
                          APR_SUCCESS);
    *output = read_all(process.out);
    apr_proc_wait(&process, &status, &why, APR_WAIT);
    return why == APR_PROC_EXIT ? status : -1;
}

/* httpd -t, whose words go to its standard error. */
static int test_configuration(const char *path, const char **output)
{
    const char *command = apr_psprintf(test_pool(), "exec \"$0\" -t -f \"%s\" 2>&1", path);
    const char *const arguments[] = {"sh", "-c", command, CIVARCOS_HTTPD, NULL};

    return run_program("/bin/sh", arguments, output);
}

static int is_compiled_in(const char *module)
{
    const char *const arguments[] = {CIVARCOS_HTTPD, "-l", NULL};
    const char *output;

    return run_program(CIVARCOS_HTTPD, arguments, &output) == 0 && strstr(output, module);
}

static void expect_refused(const configuration_t *configuration, int with_watchdog)
{
    const char *path = write_configuration(configuration->text, with_watchdog);
    const char *output;
    int status = test_configuration(path, &output);

    if (status <= 0 || !strstr(output, configuration->words) || strstr(output, SECRET)) {
        test_note("configuration:\n%s\nexpected: %s\nhttpd (status %d) said:\n%s", configuration->text,
                  configuration->words, status, output);
        CU_FAIL("not refused as expected");
    }
    remove_configuration(path);
}

static void expect_taken(const configuration_t *configuration)
{
    const char *path = write_configuration(configuration->text, 1);
    const char *output;
    int status = test_configuration(path, &output);

    if (status != 0 || !strstr(output, "Syntax OK") || strstr(output, SECRET) ||
        (configuration->words && !strstr(output, configuration->words))) {
        test_note("configuration:\n%s\nhttpd (status %d) said:\n%s", configuration->text, status, output);
        CU_FAIL("not taken");
    }
    remove_configuration(path);
}

/* --- the cases ---- */

static void test_values_are_refused(void)
{
    const configuration_t *configuration;

    for (configuration = bad_values; configuration->text; configuration++) {
        expect_refused(configuration, 1);
    }
}

static void test_places_are_refused(void)
{
    const configuration_t *configuration;

    for (configuration = bad_places; configuration->text; configuration++) {
        expect_refused(configuration, 1);
    }
}

static void test_missing_watchdog_is_refused(void)
{
    static const configuration_t configuration = {NODE, "CIV0309"};

    if (is_compiled_in("mod_watchdog.c")) {
        test_note("skipped: this httpd has mod_watchdog compiled in");
        return;
    }
    expect_refused(&configuration, 0);
}

/* A key file that others may read, and one that is empty. */
static void test_key_is_refused(void)
{
    static const struct {
        const char *content;
        apr_fileperms_t mode;
        const char *words;
    } keys[] = {{"x", 0x644, "can be used by others"}, {"", 0x600, "is not a private key"}, {NULL, 0, NULL}};
    apr_pool_t *pool = test_pool();
    const char *temporary;
    char *folder;
    int i;

    CU_ASSERT_EQUAL_FATAL(apr_temp_dir_get(&temporary, pool), APR_SUCCESS);
    folder = apr_pstrcat(pool, temporary, "/civarcos-badkey-XXXXXX", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    CU_ASSERT_EQUAL_FATAL(apr_dir_make(apr_pstrcat(pool, folder, "/keys", NULL), 0x700, pool), APR_SUCCESS);
    for (i = 0; keys[i].content; i++) {
        const char *path = apr_pstrcat(pool, folder, "/keys/ledger.pem", NULL);
        configuration_t configuration = {apr_psprintf(pool, "CivarcosStateDir \"%s\"\n" MOUNT, folder),
                                         keys[i].words};
        apr_file_t *file;

        CU_ASSERT_EQUAL_FATAL(apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE, 0x600, pool),
                              APR_SUCCESS);
        CU_ASSERT_EQUAL(apr_file_write_full(file, keys[i].content, strlen(keys[i].content), NULL),
                        APR_SUCCESS);
        apr_file_close(file);
        CU_ASSERT_EQUAL(apr_file_perms_set(path, keys[i].mode), APR_SUCCESS);
        expect_refused(&configuration, 1);
        apr_file_remove(path, pool);
    }
    apr_dir_remove(apr_pstrcat(pool, folder, "/keys", NULL), pool);
    apr_dir_remove(folder, pool);
}

static void test_good_is_taken(void)
{
    const configuration_t *configuration;

    for (configuration = good; configuration->text; configuration++) {
        expect_taken(configuration);
    }
}

static const test_case_t cases[] = {{"values", test_values_are_refused},
                                    {"places", test_places_are_refused},
                                    {"watchdog", test_missing_watchdog_is_refused},
                                    {"key", test_key_is_refused},
                                    {"good", test_good_is_taken},
                                    {NULL, NULL}};

static const test_suite_t suite = {"badconf", NULL, NULL, cases};

int main(int argc, char **argv)
{
    static const test_suite_t *const suites[] = {&suite, NULL};

    return test_main(argc, (const char *const *)argv, suites);
}
