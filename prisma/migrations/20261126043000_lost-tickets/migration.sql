-- AlterTable
ALTER TABLE "Email" ADD COLUMN     "usedAt" TIMESTAMPTZ(3);
