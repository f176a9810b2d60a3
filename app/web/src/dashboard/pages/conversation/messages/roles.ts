import type { MessageRole } from '../../../api/generated'

export const ROLES: Record<MessageRole, string> = { USER: 'User', ASSISTANT: 'Assistant', SYSTEM: 'System' }
