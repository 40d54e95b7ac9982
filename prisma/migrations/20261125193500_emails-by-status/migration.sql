-- DropIndex
DROP INDEX "Email_status_idx";

-- CreateIndex
CREATE INDEX "Email_status_updatedAt_idx" ON "Email"("status", "updatedAt");
