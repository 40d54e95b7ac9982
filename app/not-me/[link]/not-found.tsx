export { BrokenLink as default } from '@/app/components/site/broken-link'
