import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { UserPrincipal } from '@nohands/domain';
import { AdminOnly, Viewer } from '../http/viewer.decorator.js';
import { QueueDto, SettingsDto, UpdateSettingsDto } from './queue.dto.js';
import { QueueService } from './queue.service.js';

@ApiTags('admin')
@AdminOnly()
@Controller('admin')
export class QueueController {
  constructor(private readonly queue: QueueService) {}

  @Get('queue')
  @ApiOperation({ operationId: 'getQueue', summary: 'What runs, what waits and why, and who works' })
  @ApiOkResponse({ type: QueueDto, description: 'The queue' })
  async read(@Viewer() viewer: UserPrincipal): Promise<QueueDto> {
    return this.queue.read(viewer);
  }

  @Get('settings')
  @ApiOperation({ operationId: 'getSettings', summary: 'Settings that can be changed while it runs' })
  @ApiOkResponse({ type: SettingsDto, description: 'The settings' })
  async settings(@Viewer() viewer: UserPrincipal): Promise<SettingsDto> {
    return this.queue.settings(viewer);
  }

  @Patch('settings')
  @ApiOperation({
    operationId: 'updateSettings',
    summary: 'Change the build limit, pause or resume the queue',
  })
  @ApiOkResponse({ type: SettingsDto, description: 'The settings as they are now' })
  async update(@Viewer() viewer: UserPrincipal, @Body() body: UpdateSettingsDto): Promise<SettingsDto> {
    return this.queue.updateSettings(viewer, body);
  }
}
