"""Types that several domains answer with."""

import strawberry


@strawberry.type
class DeletePayload:
    deleted_id: strawberry.ID = strawberry.field(
        description="Of what is gone; not `id`, which clients' caches take for an object's."
    )
