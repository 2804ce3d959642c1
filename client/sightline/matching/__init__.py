"""Pictures that are alike: an index of embeddings, and exact search in it by cosine.

Example:
    ```python
    from sightline import Client
    from sightline.matching import Index

    with Client() as client:
        index = Index.build(client, ["a.jpg", "b.jpg", "c.jpg"], model="matching")
        index.save("index.npz")
        for match in index.search(client, "new.jpg", top=5):
            print(f"{match.score:.3f} {match.name}")  # 0.981 b.jpg
    ```
"""

from sightline.matching.index import Index, Match

__all__ = ["Index", "Match"]
