// model/cpu_team.h
// The cores of a machine, shared by those who compute on them. A computation that has the machine to itself gets all
// threads; where there are as many computations as threads, each keeps to its own and waits for nobody. A thread that the
// system has taken off its core delays the piece of work it holds, not the others: pieces are taken one by one, and
// waiting threads sleep after a moment.
// Decides nothing about the arithmetic: a piece's result must not depend on who computes it.
#ifndef ASSAY_MODEL_CPU_TEAM_H_
#define ASSAY_MODEL_CPU_TEAM_H_

#include <atomic>
#include <cstdint>
#include <exception>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "base/mutex.h"

namespace assay {

// Thread-safe. The destructor joins its threads; no call may be running then.
class CpuTeam {
 public:
  // `threads` > 0: the callers' own and threads - 1 helpers.
  explicit CpuTeam(int threads);
  ~CpuTeam();
  CpuTeam(const CpuTeam&) = delete;
  CpuTeam& operator=(const CpuTeam&) = delete;

  int threads() const { return threads_; }

  // One computation, from its first ForEach() to its last; the thread that holds it is busy. Borrows the team.
  class Computation {
   public:
    explicit Computation(CpuTeam* team) : team_(team) { team_->computations_.fetch_add(1); }
    ~Computation() { team_->computations_.fetch_sub(1); }
    Computation(const Computation&) = delete;
    Computation& operator=(const Computation&) = delete;

    // Threads that are free to take part right now, this one included; at least one.
    int threads() const;

    // Calls work(0) .. work(pieces - 1), each once, in any order, on this thread and on helpers that are free. Returns
    // when all have ended. The first exception that a piece throws is thrown here, after the others have ended; pieces
    // not yet begun are then left out.
    void ForEach(int64_t pieces, absl::FunctionRef<void(int64_t piece)> work);

   private:
    CpuTeam* const team_;
  };

 private:
  struct Job {
    int64_t pieces;
    absl::FunctionRef<void(int64_t)> work;
    std::atomic<int64_t> next = 0;
    std::atomic<int> helpers = 0;  // Changed under mu_.
    std::atomic_flag failed = ATOMIC_FLAG_INIT;
    std::exception_ptr error =
        nullptr;  // By the thread that set `failed`; read after all have left.
  };

  void RunHelper() ABSL_LOCKS_EXCLUDED(mu_);
  // A job that a helper may join, or null.
  Job* FindJob() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool IsCrowded() const { return computations_.load() + helping_.load() > threads_; }
  // Works on `job` until its pieces are taken, or a helper is wanted elsewhere.
  void Work(Job& job, bool is_helper);
  void SpinUntilPosted(uint64_t seen) const;

  const int threads_;
  std::atomic<int> computations_ = 0;
  std::atomic<int> helping_ = 0;      // Helpers inside a job; changed under mu_.
  std::atomic<uint64_t> posted_ = 0;  // Jobs so far; changed under mu_.

  Mutex mu_;
  CondVar jobs_changed_;
  CondVar helper_left_;
  std::vector<Job*> jobs_ ABSL_GUARDED_BY(mu_);  // Open ones; on their callers' stacks.
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  std::vector<std::thread> helpers_;  // Last: start after the rest, joined by the destructor.
};

}  // namespace assay

#endif  // ASSAY_MODEL_CPU_TEAM_H_
