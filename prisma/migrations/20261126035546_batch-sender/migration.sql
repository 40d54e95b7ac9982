-- AlterTable
ALTER TABLE "Batch" ADD COLUMN     "sender" TEXT;
