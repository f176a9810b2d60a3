import type { Role } from '../../api/generated'

export const ROLES: Record<Role, string> = { EDUCATOR: 'Educator', COACH: 'Coach', ADMIN: 'Administrator' }
