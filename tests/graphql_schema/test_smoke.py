async def test_it_answers(client):
    assert (await client.data("{ users { totalCount } }"))["users"]["totalCount"] == 0
