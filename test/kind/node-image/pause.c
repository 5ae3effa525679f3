/* Holds a pod's namespaces open: sleeps until it is told to go, and reaps nothing, for pods here never share a process namespace. */
#include <signal.h>
#include <unistd.h>

static void quit(int signal) {
  (void)signal;
  _exit(0);
}

int main(void) {
  signal(SIGINT, quit);
  signal(SIGTERM, quit);
  for (;;)
    pause();
}
