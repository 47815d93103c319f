#include "model/cpu_team.h"

#include <algorithm>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace assay {
namespace {

// Looks at what is awaited before a thread goes to sleep: some tens of microseconds, the time between two steps of a
// forward pass. Longer would take the core from others.
constexpr int kSpins = 1000;

void Pause() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

}  // namespace

CpuTeam::CpuTeam(int threads) : threads_(threads) {
  for (int i = 1; i < threads; ++i) helpers_.emplace_back([this] { RunHelper(); });
}

CpuTeam::~CpuTeam() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    jobs_changed_.notify_all();
  }
  for (std::thread& helper : helpers_) helper.join();
}

int CpuTeam::Computation::threads() const {
  return std::max(1, team_->threads_ - team_->computations_.load() + 1);
}

void CpuTeam::Computation::ForEach(int64_t pieces, absl::FunctionRef<void(int64_t)> work) {
  if (pieces <= 1 || threads() == 1) {
    for (int64_t piece = 0; piece < pieces; ++piece) work(piece);
    return;
  }
  Job job{.pieces = pieces, .work = work};
  CpuTeam& team = *team_;
  {
    MutexLock lock(&team.mu_);
    team.jobs_.push_back(&job);
    team.posted_.fetch_add(1);
    team.jobs_changed_.notify_all();
  }
  team.Work(job, /*is_helper=*/false);
  {
    MutexLock lock(&team.mu_);
    team.jobs_.erase(std::find(team.jobs_.begin(), team.jobs_.end(), &job));
  }
  for (int i = 0; i < kSpins && job.helpers.load() > 0; ++i) Pause();
  {
    MutexLock lock(&team.mu_);
    while (job.helpers.load() > 0) team.helper_left_.wait(team.mu_);
  }
  if (job.error != nullptr) std::rethrow_exception(job.error);
}

void CpuTeam::RunHelper() {
  while (true) {
    Job* job = nullptr;
    {
      MutexLock lock(&mu_);
      while (!stopping_ && (job = FindJob()) == nullptr) jobs_changed_.wait(mu_);
      if (stopping_) return;
      job->helpers.fetch_add(1);
      helping_.fetch_add(1);
    }
    Work(*job, /*is_helper=*/true);
    uint64_t seen;
    {
      MutexLock lock(&mu_);
      job->helpers.fetch_sub(1);
      helping_.fetch_sub(1);
      helper_left_.notify_all();
      seen = posted_.load();
    }
    SpinUntilPosted(seen);
  }
}

CpuTeam::Job* CpuTeam::FindJob() {
  if (computations_.load() + helping_.load() >= threads_) return nullptr;
  for (Job* job : jobs_) {
    if (job->next.load() < job->pieces) return job;
  }
  return nullptr;
}

void CpuTeam::Work(Job& job, bool is_helper) {
  try {
    while (!is_helper || !IsCrowded()) {
      const int64_t piece = job.next.fetch_add(1);
      if (piece >= job.pieces) return;
      job.work(piece);
    }
  } catch (...) {
    job.next.store(job.pieces);
    if (!job.failed.test_and_set()) job.error = std::current_exception();
  }
}

void CpuTeam::SpinUntilPosted(uint64_t seen) const {
  for (int i = 0; i < kSpins && posted_.load() == seen; ++i) Pause();
}

}  // namespace assay
