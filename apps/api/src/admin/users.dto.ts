import { Answers, Takes } from '../http/fields.js';
import { PageDto } from '../http/page.dto.js';

export class UserDto {
  @Answers.whole()
  id!: number;

  @Answers.text()
  email!: string;

  @Answers.text()
  name!: string;

  @Answers.flag()
  is_admin!: boolean;

  @Answers.time()
  created_at!: string;

  @Answers.time({ nullable: true, description: 'Since then the user cannot sign in and tokens do not work' })
  disabled_at!: string | null;
}

export class UserPageDto extends PageDto {
  @Answers.list(UserDto)
  results!: UserDto[];
}

export class CreateUserDto {
  @Takes.text({ min: 3, max: 254 })
  email!: string;

  @Takes.text({ max: 120 })
  name!: string;

  @Takes.text({ min: 8, max: 200 })
  password!: string;

  @Takes.flag({ optional: true })
  is_admin?: boolean;
}

export class UpdateUserDto {
  @Takes.text({ optional: true, max: 120 })
  name?: string;

  @Takes.text({ optional: true, min: 8, max: 200, description: 'Ends all sessions of the user' })
  password?: string;

  @Takes.flag({ optional: true })
  is_admin?: boolean;

  @Takes.flag({ optional: true })
  is_disabled?: boolean;
}
