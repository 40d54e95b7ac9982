-- CreateEnum
CREATE TYPE "Erasure" AS ENUM ('requested', 'waiting');

-- DropIndex
DROP INDEX "User_session_key";

-- AlterTable
ALTER TABLE "User" DROP COLUMN "session",
ADD COLUMN     "erasure" "Erasure",
ADD COLUMN     "sessionId" TEXT;

-- CreateTable
CREATE TABLE "Session" (
    "id" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "usedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SuppressedMailbox" (
    "mailbox" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "SuppressedMailbox_pkey" PRIMARY KEY ("mailbox")
);

-- CreateIndex
CREATE INDEX "User_sessionId_idx" ON "User"("sessionId");

-- AddForeignKey
ALTER TABLE "User" ADD CONSTRAINT "User_sessionId_fkey" FOREIGN KEY ("sessionId") REFERENCES "Session"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- Whoever watches a mail hears that its user is being erased, and that it is gone.
CREATE FUNCTION notify_emails(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('email_event', string_agg(id::text, ','))
    FROM (SELECT id, (row_number() OVER () - 1) / 200 AS chunk FROM unnest(ids) AS id) AS numbered
    GROUP BY chunk;
END
$$;

CREATE FUNCTION notify_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM notify_emails(array_agg(id)) FROM "Email" WHERE "userId" = NEW.id AND "recipient" IS NULL;
    RETURN NULL;
END
$$;

CREATE TRIGGER notify_erasure AFTER UPDATE OF "erasure" ON "User"
    FOR EACH ROW EXECUTE FUNCTION notify_erasure();

CREATE FUNCTION notify_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM notify_emails(array_agg(id)) FROM erased;
    RETURN NULL;
END
$$;

CREATE TRIGGER notify_erased AFTER DELETE ON "Email"
    REFERENCING OLD TABLE AS erased FOR EACH STATEMENT EXECUTE FUNCTION notify_erased();
