import { Controller, Get, Res, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { UserPrincipal } from '@nohands/domain';
import { ById, Id } from '../http/by-id.decorator.js';
import type { ApiReply } from '../http/request.js';
import { Viewer } from '../http/viewer.decorator.js';
import { BuildImagesService } from './build-images.service.js';

@ApiTags('builds')
@Controller('builds')
export class BuildImagesController {
  constructor(private readonly images: BuildImagesService) {}

  @Get(':id/image')
  @ById()
  @ApiOperation({ operationId: 'downloadBuildImage', summary: 'The image as an OCI archive' })
  @ApiResponse({
    status: 200,
    description: 'A tar of the OCI layout, for `skopeo copy oci-archive:...`',
    content: { 'application/x-tar': { schema: { type: 'string', format: 'binary' } } },
  })
  async download(
    @Viewer() viewer: UserPrincipal,
    @Id() id: number,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<StreamableFile> {
    const image = await this.images.open(viewer, id);
    // Whatever ends the answer (also HEAD, which never reads) ends the reading of the storage.
    reply.raw.once('close', () => image.archive.destroy());
    reply.header('etag', `"${image.digest}"`);
    return new StreamableFile(image.archive, {
      type: 'application/x-tar',
      disposition: `attachment; filename="${image.fileName}"`,
    });
  }
}
