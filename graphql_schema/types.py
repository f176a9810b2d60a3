"""Types that several domains answer with."""

import strawberry


@strawberry.type
class DeletePayload:
    id: strawberry.ID
