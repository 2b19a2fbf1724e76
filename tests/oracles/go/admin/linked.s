// Empty: a folder with assembly may declare functions that have no body, which the linker finds.
