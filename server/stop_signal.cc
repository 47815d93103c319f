#include "server/stop_signal.h"

#include <pthread.h>
#include <signal.h>

#include <cstdlib>

namespace assay {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

StopSignal::StopSignal() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  thread_ = std::thread([this] { TakeSignals(); });
}

StopSignal::~StopSignal() {
  {
    MutexLock lock(&mu_);
    closing_ = true;
  }
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

void StopSignal::Hold() {
  MutexLock lock(&mu_);
  held_ = true;
}

void StopSignal::Request() {
  MutexLock lock(&mu_);
  requested_ = true;
  changed_.notify_all();
}

void StopSignal::Await() {
  MutexLock lock(&mu_);
  while (!received_ && !requested_) changed_.wait(mu_);
}

void StopSignal::TakeSignals() {
  const sigset_t signals = StopSignals();
  while (true) {
    int signal;
    sigwait(&signals, &signal);
    MutexLock lock(&mu_);
    if (closing_) return;
    if (!held_) std::_Exit(0);
    if (received_) std::_Exit(1);
    received_ = true;
    changed_.notify_all();
  }
}

}  // namespace assay
