#include "model/row_parallel.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <atomic>
#include <exception>

extern "C" void GOMP_parallel(void (*fn)(void*), void* data, unsigned num_threads, unsigned flags);

namespace assay {
namespace {

struct Job {
  int64_t rows;
  int64_t block_rows;
  absl::FunctionRef<void(int64_t, int64_t)> work;
  std::atomic<int64_t> next_row = 0;
  std::atomic_flag failed = ATOMIC_FLAG_INIT;
  std::exception_ptr
      error;  // Written once, by the thread that set `failed`; read after all have joined.
};

void RunBlocks(Job& job) {
  // Inference mode belongs to a thread.
  const c10::InferenceMode inference_mode;
  while (true) {
    const int64_t begin = job.next_row.fetch_add(job.block_rows);
    if (begin >= job.rows) return;
    job.work(begin, std::min(begin + job.block_rows, job.rows));
  }
}

void RunOnThread(void* data) {
  Job& job = *static_cast<Job*>(data);
  try {
    RunBlocks(job);
  } catch (...) {
    if (!job.failed.test_and_set()) job.error = std::current_exception();
  }
}

}  // namespace

void ForRowBlocks(int64_t rows, int64_t block_rows,
                  absl::FunctionRef<void(int64_t begin, int64_t end)> work) {
  Job job{.rows = rows, .block_rows = block_rows, .work = work, .error = nullptr};
  if (at::get_num_threads() > 1) {
    // Always the whole pool, for one block too: libgomp rebuilds it when the number changes, and torch runs serially
    // only inside a team. Threads without a block return at once.
    GOMP_parallel(&RunOnThread, &job, at::get_num_threads(), 0);
  } else {
    RunOnThread(&job);
  }
  if (job.error != nullptr) std::rethrow_exception(job.error);
}

}  // namespace assay
