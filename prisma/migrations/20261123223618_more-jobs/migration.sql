-- CreateEnum
CREATE TYPE "ExportStatus" AS ENUM ('queued', 'working', 'ready', 'canceled', 'failed', 'expired');

-- DropIndex
DROP INDEX "Email_userId_idx";

-- AlterTable
ALTER TABLE "User" ADD COLUMN     "session" UUID NOT NULL DEFAULT gen_random_uuid();

-- AlterTable
ALTER TABLE "Email" ADD COLUMN     "recipient" TEXT;

-- CreateTable
CREATE TABLE "Export" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "userId" UUID NOT NULL,
    "status" "ExportStatus" NOT NULL DEFAULT 'queued',
    "content" JSONB NOT NULL DEFAULT '{}',
    "expiresAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Export_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Export_userId_createdAt_idx" ON "Export"("userId", "createdAt");

-- CreateIndex
CREATE UNIQUE INDEX "User_session_key" ON "User"("session");

-- CreateIndex
CREATE UNIQUE INDEX "Email_userId_recipient_key" ON "Email"("userId", "recipient");

-- AddForeignKey
ALTER TABLE "Export" ADD CONSTRAINT "Export_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Whatever moves a task of a user (an invitation, an export), every web server hears of it.
CREATE FUNCTION notify_user_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('user_event', NEW."userId"::text);
    RETURN NULL;
END
$$;

CREATE TRIGGER notify_user_event AFTER INSERT OR UPDATE ON "Export"
    FOR EACH ROW EXECUTE FUNCTION notify_user_event();

CREATE TRIGGER notify_user_event AFTER INSERT OR UPDATE OF "status" ON "Email"
    FOR EACH ROW WHEN (NEW."recipient" IS NOT NULL) EXECUTE FUNCTION notify_user_event();
