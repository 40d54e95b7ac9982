-- AlterTable
ALTER TABLE "Email" ADD COLUMN     "mailbox" TEXT;

-- AlterTable: keys become hashes, which SQL cannot make. Without a key, a replay of an old request is a 409.
ALTER TABLE "User" ADD COLUMN     "confirmedAt" TIMESTAMPTZ(3),
ADD COLUMN     "mailbox" TEXT,
ALTER COLUMN "signupKey" SET DATA TYPE TEXT USING NULL;

-- AlterTable
DELETE FROM "SpentKey";
ALTER TABLE "SpentKey" ALTER COLUMN "key" SET DATA TYPE TEXT;

-- CreateIndex
CREATE INDEX "User_mailbox_idx" ON "User"("mailbox");
