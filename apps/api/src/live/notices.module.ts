import { Module } from '@nestjs/common';
import { NoticesFeed } from './notices.feed.js';

@Module({ providers: [NoticesFeed], exports: [NoticesFeed] })
export class NoticesModule {}
