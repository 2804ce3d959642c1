"""FastAPI with micro-batching written by hand: two threads, each of which takes what waits, up to a batch."""

# pyright: basic, reportMissingImports=false

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from classifier import BATCH, Classifier
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

WORKERS = 2

classifier = Classifier(threads=1)
waiting: "asyncio.Queue[tuple[bytes, asyncio.Future]]" = asyncio.Queue()


async def answer_batches(pool: ThreadPoolExecutor) -> None:
    loop = asyncio.get_running_loop()
    while True:
        batch = [await waiting.get()]
        while len(batch) < BATCH and not waiting.empty():
            batch.append(waiting.get_nowait())
        try:
            rankings = await loop.run_in_executor(pool, classifier.classify, [picture for picture, _ in batch])
        except Exception as error:
            for _, answer in batch:
                answer.set_exception(error)
            continue
        for (_, answer), ranking in zip(batch, rankings, strict=True):
            if not answer.done():
                answer.set_result(ranking)


@asynccontextmanager
async def lifespan(_app: FastAPI):
    with ThreadPoolExecutor(WORKERS) as pool:
        workers = [asyncio.create_task(answer_batches(pool)) for _ in range(WORKERS)]
        yield
        for worker in workers:
            worker.cancel()


app = FastAPI(lifespan=lifespan)


@app.post("/predict")
async def predict(request: Request) -> JSONResponse:
    answer = asyncio.get_running_loop().create_future()
    waiting.put_nowait((await request.body(), answer))
    return JSONResponse(await answer)
